"""The gateway: authenticates, takes uploads, talks to the model, answers clients."""
