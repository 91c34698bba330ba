#include "fault-injection/provider/secrets.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "fault-injection/provider/journal_json.h"

namespace touchstone::provider {
namespace {

Call CallWith(std::string path, std::vector<std::pair<std::string, std::string>> headers = {}) {
  Call call;
  call.path = std::move(path);
  call.headers = std::move(headers);
  return call;
}

TEST(Secrets, AKeyInTheQueryIsNotShown) {
  EXPECT_EQ(PathWithoutKeys(CallWith("/v1/m:generateContent?alt=sse&key=AIza-1&x=key")),
            "/v1/m:generateContent?alt=sse&key=[key]&x=key");
  EXPECT_EQ(PathWithoutKeys(CallWith("/a?API_KEY=ab")), "/a?API_KEY=[key]");
  EXPECT_EQ(PathWithoutKeys(CallWith("/a?key=")), "/a?key=");
  EXPECT_EQ(PathWithoutKeys(CallWith("/a?key&keys=1")), "/a?key&keys=1");
  EXPECT_EQ(PathWithoutKeys(CallWith("/key=1")), "/key=1");
}

TEST(Secrets, WhateverEchoesAKeyShowsNone) {
  const Call call = CallWith(
      "/a?key=AI%2Fza%2D1",
      {{"authorization", "Bearer sk-one-and-two"}, {"x-api-key", "sk-one"}, {"x-other", "plain"}});
  EXPECT_EQ(WithoutKeys(call, "sk-one-and-two, sk-one, AI/za-1, AI%2Fza%2D1, plain"),
            "[key], [key], [key], [key], plain");
}

TEST(Secrets, NoPartOfAKeyStandsAtACutEnd) {
  const Call call = CallWith("/a", {{"x-api-key", "sk-0123456789"}});
  EXPECT_EQ(WithoutKeys(call, "no sk-01234", CutEnd::kBack), "no [key]");
  EXPECT_EQ(WithoutKeys(call, "56789 no", CutEnd::kFront), "[key] no");
  EXPECT_EQ(WithoutKeys(call, "no sk-", CutEnd::kBack), "no sk-");
}

TEST(Secrets, AJournalLineHasNoKey) {
  Call call = CallWith("/v1beta/models/m:generateContent?key=AIza-secret",
                       {{"cookie", "session=AIza-cookie"}, {"referer", "http://x/?AIza-secret"}});
  call.body = R"({"echo":"AIza-secret"})";
  call.near_miss = R"(the request's path is "?key=AIza-secret")";
  call.sent.head = std::string(Sent::kHead - 6, ' ') + "AIza-s";
  call.sent.tail = "secret" + std::string(Sent::kTail - 6, ' ');
  call.sent.bytes = 5000;
  const std::string line = CallJson(call, Times::kLeftOut, {});
  EXPECT_EQ(line.find("AIza"), std::string::npos) << line;
  EXPECT_EQ(line.find("secret"), std::string::npos) << line;
  EXPECT_EQ(boost::json::parse(line).at("path"), "/v1beta/models/m:generateContent?key=[key]");
}

}  // namespace
}  // namespace touchstone::provider
