// What the charts of a soak are drawn from: rows of numbers, as html/charts.js describes them.
// Pure.
#pragma once

#include <boost/json/object.hpp>
#include <vector>

#include "soak/summary/summary.h"

namespace touchstone {

// At most `most` windows: neighbours are joined, counts added up, and of latencies the worse kept.
std::vector<soak::Window> JoinWindows(const std::vector<soak::Window>& windows, std::size_t most);

boost::json::object SoakModel(const soak::Summary& soak);

}  // namespace touchstone
