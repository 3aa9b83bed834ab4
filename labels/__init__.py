"""What a stance is: spans, articles, the splitter, the codebook and the labelled data."""
