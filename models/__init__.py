"""What a model is: the network, the bundle, the runtime, and the shipped encoder and bundle."""
