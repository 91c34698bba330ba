// What a proof can say of the provider's journal, on journals made by hand.
#include "conformance/golden/provider_did.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace touchstone {
namespace {

using provider::Snapshot;
using std::chrono::milliseconds;

class ProviderDid : public ::testing::Test {
 protected:
  provider::Call& Add(int status, const std::string& sent) {
    provider::Call call;
    call.number = static_cast<int>(journal_.calls.size()) + 1;
    call.status = status;
    call.sent.head = sent;
    call.bytes_sent = sent.size();
    call.arrived_at = start_;
    journal_.calls.push_back(call);
    return journal_.calls.back();
  }
  void AddLink(const std::string& not_http, std::uint64_t received) {
    provider::Link link;
    link.number = ++journal_.connections;
    link.not_http = not_http;
    link.received = received;
    journal_.links.push_back(link);
  }
  // What is wrong; empty: it holds.
  std::string Check(const std::string& pattern) {
    Captures captures;
    return DidMismatch(boost::json::parse(pattern), journal_, captures).value_or("");
  }
  void Holds(const std::string& pattern) { EXPECT_EQ(Check(pattern), "") << pattern; }
  void Not(const std::string& pattern) { EXPECT_NE(Check(pattern), "") << pattern; }

  Snapshot journal_;
  const std::chrono::steady_clock::time_point start_{};
};

TEST_F(ProviderDid, HeadersAndBodyAreThoseThatWereSent) {
  Add(429, "HTTP/1.1 429 Too Many\r\nRetry-After: soon\r\nX-Empty:\r\n\r\n<html>no</html>");
  Holds(R"({"headers":{"retry-after":"soon","x-empty":"","server":"<absent>"}})");
  Holds(R"({"body":"<contains:html>","body_bytes":15})");
  Not(R"({"headers":{"retry-after":"1"}})");
  Not(R"({"headers":{"X-Empty":""}})");
  Not(R"({"body":"<contains:Retry-After>"})");
  Not(R"({"body_bytes":16})");
  journal_.calls[0].sent.head = "HTTP/1.1 429 Too";  // cut in the header
  Holds(R"({"headers":{},"body":"","body_bytes":0})");
}

TEST_F(ProviderDid, TheTimesOfTheWritesAreTold) {
  auto& call = Add(200, "HTTP/1.1 200 OK\r\n\r\nx");
  Not(R"({"first_byte_ms":"<integer>"})");
  for (const int ms : {300, 320, 1320})
    call.sent.progress.push_back({1, start_ + milliseconds(ms)});
  call.sent.tail = "data: [DONE]\n\n";
  Holds(R"({"first_byte_ms":300,"longest_gap_ms":1000,"writes":3,"tail":"<contains:[DONE]>"})");
  Not(R"({"writes":"<between:4:9>"})");
}

TEST_F(ProviderDid, StatusesAreASequenceAsFarAsCallsWereMade) {
  Not(R"({"statuses":[]})");
  Not(R"({"statuses":[500]})");
  Add(500, "");
  Holds(R"({"statuses":[500,200,500]})");
  Not(R"({"statuses":[200,500]})");
  Add(200, "");
  Holds(R"({"statuses":[500,200,500]})");
  Holds(R"({"statuses":[500]})");
  Not(R"({"statuses":[500,500]})");
}

TEST_F(ProviderDid, OfAListOneMustHold) {
  Add(500, "");
  Holds(R"([{"status":200},{"status":500}])");
  EXPECT_EQ(Check(R"([{"status":200},{"calls":2}])").substr(0, 23), "neither call 1's status");
}

TEST_F(ProviderDid, HowEachConnectionBeganIsTold) {
  Not(R"({"spoke":["tls"]})");
  AddLink(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), 300);
  Holds(R"({"spoke":["tls"],"calls":0})");
  AddLink(std::string("\x16\x03\x03\x02\x00\x01\x00\x01", 8), 300);
  Holds(R"({"spoke":["tls"]})");
  AddLink("", 80);
  Holds(R"({"spoke":["tls","http"]})");
  AddLink("hello", 5);
  AddLink("", 0);
  Holds(R"({"spoke":["tls","http","other","nothing"]})");
}

TEST_F(ProviderDid, AnOpenConnectionOfACallSpeaksHttp) {
  AddLink("", 0);
  Add(200, "").connection = 1;
  Holds(R"({"spoke":["http"]})");
}

}  // namespace
}  // namespace touchstone
