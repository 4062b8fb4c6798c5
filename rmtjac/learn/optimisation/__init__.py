"""What both trainings use: AdamW, batch normalisation, spectral normalisation."""
