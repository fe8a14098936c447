"""Waveforms: peaks of blocks of samples, as JSON, as audiowaveform's binary form, as a picture."""
