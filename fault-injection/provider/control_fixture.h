// The fixture of the control API's tests: a stand-alone provider, and callers of both of its sides.
#pragma once

#include <string>
#include <string_view>

#include "fault-injection/provider/server_fixture.h"

namespace touchstone::provider {

struct Said {
  int status = 0;
  std::string head;
  boost::json::value json;

  // What is at the place, null: nothing.
  const boost::json::value* Find(std::string_view pointer) const {
    boost::system::error_code none;
    return json.find_pointer(pointer, none);
  }
  std::string_view Text(std::string_view pointer) const {
    const boost::json::value* const found = Find(pointer);
    return found == nullptr ? std::string_view("(nothing)") : std::string_view(found->as_string());
  }
  std::int64_t Number(const char* pointer) const { return json.at_pointer(pointer).as_int64(); }
};

inline std::string RequestOf(std::string_view method, std::string_view path,
                             std::string_view body = "") {
  return std::string(method) + " " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

// What a response says; a failure of the test if it is not HTTP with JSON.
inline Said Understand(const std::string& response) {
  Said said;
  if (!response.starts_with("HTTP/1.1 ")) {
    ADD_FAILURE() << "not HTTP: " << response;
    return said;
  }
  said.status = std::stoi(response.substr(9, 3));
  said.head = response.substr(0, response.find("\r\n\r\n"));
  boost::system::error_code bad;
  said.json = boost::json::parse(BodyOf(response), bad);
  if (bad) ADD_FAILURE() << "not JSON: " << response;
  return said;
}

class ControlTest : public testing::Test {
 protected:
  static constexpr const char* kCall = R"({"messages":[{"role":"user","content":"hi"}]})";

  std::unique_ptr<Server> server_ = Server::Start({.control = true}).value();
  Lane& lane_ = server_->OpenLane("", {.seed = 5});

  Said Ask(std::string_view method, std::string_view path, std::string_view body = "") {
    TestCaller caller(server_->port());
    caller.Send(RequestOf(method, "/__touchstone/" + std::string(path), body));
    return Understand(caller.ReadResponse());
  }
  void Put(std::string_view rules) { ASSERT_EQ(Ask("PUT", "rules", rules).status, 200); }

  // One call of the provider, answered.
  std::string Call(std::string_view text = "hi", std::string_view path = "/v1/chat/completions",
                   std::string_view headers = "") {
    TestCaller caller(server_->port());
    caller.Post(path, Body(text), headers);
    return caller.ReadResponse();
  }
  static std::string Body(std::string_view text) {
    return R"({"messages":[{"role":"user","content":")" + std::string(text) + R"("}]})";
  }
  // Waits over the API, as a caller would.
  void WaitFor(const std::string& query) {
    const Said said = Ask("GET", "wait?timeout_ms=10000&" + query);
    ASSERT_EQ(said.status, 200);
    ASSERT_TRUE(said.json.at("reached").as_bool()) << query;
  }
};

}  // namespace touchstone::provider
