"""Quality control of images and reports: drawn samples, blinded scores, figures."""
