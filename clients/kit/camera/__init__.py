"""Cameras for documents and specimens: a port, devices by OpenCV, a virtual camera, live view, paper made straight."""
