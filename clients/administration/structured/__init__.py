"""The editor of structured templates: outline, properties, a form to try, MRRT files, publishing."""
