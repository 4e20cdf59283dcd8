"""A picture in, what is on it out: an MLP trained, stored, served and watched."""
