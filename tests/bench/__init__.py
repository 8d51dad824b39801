"""Benches: figures, side by side with what they are measured against. `./paperboy bench` lists them."""
