"""The hall display (叫号大屏): who is called to which room, on a full screen and by voice."""
