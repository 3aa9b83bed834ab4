"""Text in, stances out: the classifier, the HTTP service and its page, and folder scoring."""
