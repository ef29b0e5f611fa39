"""Building: the parts of models that Embree gets; one model's own, a batch of several, or instances if stretched."""
