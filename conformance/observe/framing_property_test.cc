// Properties that hold for every input, not only for the examples that somebody thought of.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

// Bytes in which line feeds are frequent.
rc::Gen<std::string> Bytes() {
  return rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::just('\n'), rc::gen::arbitrary<char>()));
}

std::vector<std::string> SplitAtOnce(const std::string& bytes, std::string* pending) {
  LineSplitter splitter;
  auto lines = splitter.Feed(bytes);
  *pending = splitter.pending();
  return lines;
}

RC_GTEST_PROP(LineSplitterProperty, TheWayBytesArriveChangesNothing, ()) {
  const auto bytes = *Bytes();
  const auto cuts =
      *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  std::string whole_pending;
  const auto whole = SplitAtOnce(bytes, &whole_pending);
  LineSplitter splitter;
  std::vector<std::string> lines;
  std::string_view rest = bytes;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::size_t size =
        i < cuts.size() ? std::min<std::size_t>(cuts[i], rest.size()) : rest.size();
    for (auto& line : splitter.Feed(rest.substr(0, size))) lines.push_back(line);
    rest.remove_prefix(size);
  }
  RC_ASSERT(lines == whole);
  RC_ASSERT(splitter.pending() == whole_pending);
}

RC_GTEST_PROP(LineSplitterProperty, NoByteIsLostOrMade, ()) {
  const auto bytes = *Bytes();
  std::string pending, joined;
  for (const auto& line : SplitAtOnce(bytes, &pending)) joined += line + "\n";
  RC_ASSERT(joined + pending == bytes);
}

// Values made of what JSON has, to a small depth.
boost::json::value Value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return *rc::gen::arbitrary<double>();
    case 4: {
      // Code points, so that the text is valid UTF-8.
      std::string text;
      for (int c : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 0x7f)))
        text += static_cast<char>(c);
      return boost::json::string(text);
    }
    case 5: {
      boost::json::array items;
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) items.push_back(Value(depth - 1));
      return items;
    }
    default: {
      boost::json::object object;
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
        object["k" + std::to_string(n)] = Value(depth - 1);
      return object;
    }
  }
}

RC_GTEST_PROP(StrictJsonProperty, WhatAnotherWriterWroteIsReadAsTheSame, ()) {
  const auto value = Value(3);
  const auto text = boost::json::serialize(value);
  const auto parsed = ParseStrict(text);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(boost::json::serialize(*parsed) == text);
}

RC_GTEST_PROP(StrictJsonProperty, NoInputMakesItThrowOrCrash, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const auto parsed = ParseStrict(bytes);
  // Whatever it accepts is valid UTF-8.
  RC_ASSERT(!parsed || IsValidUtf8(bytes));
}

RC_GTEST_PROP(ExcerptProperty, IsAlwaysValidUtf8AndShort, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const auto text = Excerpt(bytes, 40);
  RC_ASSERT(IsValidUtf8(text));
  RC_ASSERT(text.size() < 100u);
}

}  // namespace
}  // namespace touchstone
