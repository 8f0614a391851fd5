"""What Google Cloud asks for: a dated table of list prices, its checks, and how newer ones are fetched."""
