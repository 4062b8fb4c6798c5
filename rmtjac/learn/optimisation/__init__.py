"""Tools that both kinds of training use: AdamW, batch normalisation, spectral normalisation."""
