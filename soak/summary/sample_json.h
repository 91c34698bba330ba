// The keys that a record's lines and a summary's parts have in common. Private to soak/.
#pragma once

#include <boost/json/object.hpp>

#include "soak/json/reader.h"
#include "soak/summary/summary.h"

namespace touchstone::soak {

boost::json::object SampleToJson(const Sample& sample);
Sample ReadSample(ObjectReader& reader);

boost::json::object WindowToJson(const Window& window);
Window ReadWindow(ObjectReader& reader);

boost::json::object MarkToJson(const Mark& mark);
Mark ReadMark(ObjectReader& reader);

boost::json::object FailureToJson(const Failure& failure);
Failure ReadFailure(ObjectReader& reader);

boost::json::object OutcomesToJson(const std::map<std::string, std::int64_t>& outcomes);
void PutLatency(const Latency& latency, boost::json::object& json);
Latency ReadLatency(ObjectReader& reader);

}  // namespace touchstone::soak
