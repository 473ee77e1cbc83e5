"""What stands beside images: overlays, presentation states, segmentations, radiotherapy, reports, waveforms, slides."""
