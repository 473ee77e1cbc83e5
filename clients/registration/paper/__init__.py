"""Photographing the paper application (拍摄纸质申请单) and sending it to the exam it belongs to."""
