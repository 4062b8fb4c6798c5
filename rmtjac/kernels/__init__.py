"""All compiled code: arrays and integer codes in, arrays out; nothing here knows the classes above."""
