"""心电阅图: the reading page with trace, parameters, conclusion, history, save, submit and print."""
