#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "soak/json/places.h"
#include "soak/json/reader.h"

namespace touchstone::soak {
namespace {

constexpr const char* kText = R"({
  "a": 1, "b": {
    "c": [10,
          {"d": "x\"}]{,"}],
    "e": null},
  "f": -1.5e3
}
)";

TEST(JsonPlaces, FindsLines) {
  const JsonPlaces places(kText);
  EXPECT_EQ(places.LineOf("a"), 2);
  EXPECT_EQ(places.LineOf("b"), 2);
  EXPECT_EQ(places.LineOf("b.c"), 3);
  EXPECT_EQ(places.LineOf("b.c[0]"), 3);
  EXPECT_EQ(places.LineOf("b.c[1]"), 4);
  EXPECT_EQ(places.LineOf("b.c[1].d"), 4);
  EXPECT_EQ(places.LineOf("b.e"), 5);
  EXPECT_EQ(places.LineOf("f"), 6);
}

TEST(JsonPlaces, NamesWhatIsAroundAMissingThing) {
  const JsonPlaces places(kText);
  EXPECT_EQ(places.LineOf("b.c[1].nothing"), 4);
  EXPECT_EQ(places.LineOf("b.c[7]"), 3);
  EXPECT_EQ(places.LineOf("nothing"), 1);
  EXPECT_EQ(places.LineOf(""), 1);
}

TEST(JsonPlaces, SeesRepeatedKeys) {
  EXPECT_FALSE(JsonPlaces(kText).repeated());
  EXPECT_EQ(JsonPlaces(R"({"a":{"b":1,"b":2},"c":3})").repeated(), "a.b");
  EXPECT_FALSE(JsonPlaces(R"([{"b":1},{"b":2}])").repeated());
}

TEST(JsonPlaces, OfWhatIsNoJsonEndsAllTheSame) {
  for (const char* text : {"", "{", "[", "[1", "{\"a", "{\"a\":", "{a}", "[}", "\"\\", "]", "[]]"})
    JsonPlaces places(text);
}

struct Read {
  std::optional<JsonError> error;
  int integer = 0;
  double number = 0;
  std::string text;
  std::optional<std::int64_t> maybe;
  std::map<std::string, std::int64_t> counts;
};

Read ReadAll(std::string_view text) {
  Read read;
  const auto json = boost::json::parse(text);
  ObjectReader reader(json, "x", read.error);
  reader.Read("integer", read.integer);
  reader.ReadWithin("number", 0.5, 2.0, read.number);
  reader.ReadIfThere("text", read.text);
  reader.ReadIfThere("maybe", read.maybe);
  reader.ReadIfThere("counts", read.counts);
  reader.RefuseUnknown();
  return read;
}

TEST(ObjectReader, ReadsWhatIsThere) {
  const auto read = ReadAll(R"({"integer":5,"number":1,"maybe":7,"counts":{"OK":3}})");
  ASSERT_FALSE(read.error) << read.error->path << read.error->message;
  EXPECT_EQ(read.integer, 5);
  EXPECT_EQ(read.number, 1);
  EXPECT_EQ(read.maybe, 7);
  EXPECT_EQ(read.counts.at("OK"), 3);
}

TEST(ObjectReader, NamesPlaceAndReason) {
  const struct {
    const char *text, *path, *part;
  } kWrong[] = {
      {"[]", "x", "expected an object, got []"},
      {"{}", "x", "`integer` is missing"},
      {R"({"integer":"5"})", "x.integer", "expected an integer, got \"5\""},
      {R"({"integer":5.0})", "x.integer", "expected an integer"},
      {R"({"integer":3000000000})", "x.integer", "expected an integer"},
      {R"({"integer":1,"number":2.5})", "x.number", "a number from 0.5 to 2, got 2.5"},
      {R"({"integer":1,"text":1})", "x.text", "expected a string, got 1"},
      {R"({"integer":1,"maybe":null})", "x.maybe", "expected an integer, got null"},
      {R"({"integer":1,"counts":{"OK":"many"}})", "x.counts", "an object of integers"},
      {R"({"integer":1,"more":2})", "x.more", "unknown key `more`; known are counts, integer"},
  };
  for (const auto& wrong : kWrong) {
    const auto read = ReadAll(wrong.text);
    ASSERT_TRUE(read.error) << wrong.text;
    EXPECT_EQ(read.error->path, wrong.path) << wrong.text;
    EXPECT_NE(read.error->message.find(wrong.part), std::string::npos) << read.error->message;
  }
}

TEST(ObjectReader, TheFirstErrorStays) {
  EXPECT_EQ(ReadAll(R"({"integer":"a","text":1,"more":2})").error->path, "x.integer");
}

TEST(Shown, IsCutAtACharacter) {
  const auto shown = Shown(boost::json::string(std::string(57, 'a') + "ééé"));
  EXPECT_EQ(shown, "\"" + std::string(57, 'a') + "é…");
}

}  // namespace
}  // namespace touchstone::soak
