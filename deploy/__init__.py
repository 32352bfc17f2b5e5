"""How Satchel is run: images, Kubernetes manifests and the local stack."""
