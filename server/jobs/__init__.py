"""Shows people the server's long work and lets them cancel it or try it again; the queue is the kernel's."""
