// Order statistics of a sample.
#pragma once

#include <vector>

namespace touchstone::soak {

// The value below which the fraction `p` (0..1) of the sample lies (nearest rank); 0 for an empty
// sample.
double Percentile(std::vector<double> sample, double p);

}  // namespace touchstone::soak
