"""Volume rendering: a scene that knows no window, engines in processes of their own, the page that shows pictures."""
