// Words for the tables of defects: which lines, and what is done to them.
//
// A line is only written anew when an edit applies to it; all others pass byte for byte.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

using Object = boost::json::object;

// A line that is a JSON object.
std::optional<Object> Parsed(std::string_view line);
std::string Lined(const Object& object);  // with its LF

// "a.b.c" in nested objects; nullptr when it is not there.
boost::json::value* At(Object& object, std::string_view path);
// The string there, or "".
std::string Text(const Object& object, std::string_view key);

// Which lines. Several are joined with `And`.
using Which = std::function<bool(const Object&)>;
Which Any();
Which Has(std::string key);                    // the key is there and not null
Which Is(std::string key, std::string value);  // a string at the top
Which Of(std::string type,
         std::string status = {});  // "final", "OK"; in B, "final" is the flat line
Which And(Which a, Which b);
// One in n, the last of each n: state of one process.
Which OneIn(int n, Which which = Any());
// From the n-th line on that it fits (the first is 1).
Which From(int n, Which which = Any());

using Edit = std::function<void(Object&)>;
Edit Set(std::string path, boost::json::value value);
Edit Remove(std::string path);
Edit Change(std::string path, std::function<void(boost::json::value&)> change);

Tampering Responses(Which which, Edit edit);
Tampering Requests(Which which, Edit edit);
// What is done instead of passing a fitting line on; gets the line without its LF.
using Act = std::function<void(const std::string& line, const Object& object, Wire& wire)>;
Tampering OnResponse(Which which, Act act);
Tampering OnRequest(Which which, Act act);
// Passes on.
void PassToCaller(const std::string& line, Wire& wire);
void PassToHost(const std::string& line, Wire& wire);

// Lines as they are, JSON or not: what is passed on instead, without its LF; nullopt: nothing.
using Rewrite = std::function<std::optional<std::string>(const std::string& line)>;
Tampering RequestLines(Rewrite rewrite);
Tampering ResponseLines(Rewrite rewrite);
Which Not(Which which);
Which IsBlank(std::string key);  // a string of nothing but white space
// One in n by a hash of the request's id: in modes O and B, too, where each has its own process.
Which OneInIds(int n, Which which = Any());
// What the host ends with, when it would end with `from`.
Tampering ExitStatus(int from, int to);
// Only for a host that is started so; others keep the contract.
Tampering When(std::function<bool(const Launch&)> how, Tampering tampering);

// A variable of the host's environment; nullopt: unset. "Ignores it", usually.
Tampering Environment(std::string name, std::optional<std::string> value);

}  // namespace touchstone::defective
