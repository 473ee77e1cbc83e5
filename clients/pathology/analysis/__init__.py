"""图像分析: processing of a picture in steps, kept as a new picture that names its original (PA-ANA)."""
