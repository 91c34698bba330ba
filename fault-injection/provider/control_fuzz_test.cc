// The control API against what nobody means to send: after each the server answers a good call, and
// whatever it says is HTTP with JSON.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

#include "fault-injection/provider/control_fixture.h"

namespace touchstone::provider {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::string TextOf(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

// Whether the bytes are whole HTTP responses with JSON bodies, one after the other.
bool IsHttpWithJson(std::string_view said) {
  while (!said.empty()) {
    const std::size_t end = said.find("\r\n\r\n");
    if (!said.starts_with("HTTP/1.1 ") || end == std::string_view::npos) return false;
    const std::string_view head = said.substr(0, end + 2);
    said.remove_prefix(end + 4);
    if (head.starts_with("HTTP/1.1 100 ")) continue;
    const std::size_t at = head.find("\r\nContent-Length: ");
    if (at == std::string_view::npos) return false;
    const std::size_t size = std::stoul(std::string(head.substr(at + 18)));
    if (said.size() < size) return false;
    boost::system::error_code bad;
    boost::json::parse({said.data(), size}, bad);
    if (bad && size > 0) return false;  // to HEAD nothing follows
    said.remove_prefix(size);
  }
  return true;
}

class Fuzzed {
 public:
  // Sends the bytes, closes its side, and looks at what comes until the server closes.
  void Throw(const std::string& bytes) {
    TestCaller caller(server_->port());
    caller.Send(bytes);
    caller.FinishSending();
    const auto [said, ending] = caller.ReadToEnd();
    RC_ASSERT(ending != Ending::kTimeout);
    // To HEAD a length is said and no body sent; all else must be whole.
    if (bytes.find("HEAD ") == std::string::npos) {
      if (!IsHttpWithJson(said)) RC_FAIL("sent " + bytes + "\ngot " + said);
    }
    StillAnswers();
  }
  void StillAnswers() {
    TestCaller caller(server_->port());
    caller.Send(RequestOf("PUT", "/__touchstone/rules", R"([{"respond":{"body":"7"}}])") +
                RequestOf("POST", "/__touchstone/reset") +
                RequestOf("POST", "/v1/chat/completions", "{}"));
    RC_ASSERT(caller.ReadResponse().starts_with("HTTP/1.1 200 "));
    RC_ASSERT(caller.ReadResponse().starts_with("HTTP/1.1 200 "));
    RC_ASSERT(BodyOf(caller.ReadResponse()) == "7");
  }

 private:
  std::unique_ptr<Server> server_ = Server::Start({.control = true}).value();
  Lane& lane_ = server_->OpenLane("");
};

template <typename T, std::size_t N>
const T& OneOf(const std::array<T, N>& all) {
  return all[*rc::gen::inRange<std::size_t>(0, N)];
}

std::string GoodRequest(const std::string& body) {
  static constexpr std::array<std::pair<const char*, const char*>, 12> kAll{{
      {"GET", "/__touchstone/"},
      {"GET", "/__touchstone/rules"},
      {"PUT", "/__touchstone/rules"},
      {"PUT", "/__touchstone/state"},
      {"POST", "/__touchstone/reset"},
      {"GET", "/__touchstone/journal?path=*&rule=0&matched=true"},
      {"GET", "/__touchstone/connections?open=true"},
      {"GET", "/__touchstone/wait?calls=2&timeout_ms=1&status=200"},
      {"POST", "/__touchstone/hold/a%20b"},
      {"POST", "/__touchstone/release/a%20b?calls=1"},
      {"GET", "/__touchstone/holds"},
      {"POST", "/v1/chat/completions"},
  }};
  const auto& [method, path] = OneOf(kAll);
  return RequestOf(method, path, body);
}

std::string GoodBody() {
  static constexpr std::array<const char*, 7> kAll{
      "",
      "{}",
      R"([{"match":{"text":"a"},"times":2,"respond":{"status":503}}])",
      R"({"rules":[{"state":"a","then":"a","respond":{"hold":"h"}}]})",
      R"({"state":"Started"})",
      R"({"seed":12345678901234567890})",
      R"({"text":"a","turns":{"at_least":1}})"};
  return OneOf(kAll);
}

// A few bytes taken out, put in, changed or doubled.
std::string Mutated(std::string text) {
  const int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes; ++i) {
    const auto size = static_cast<int>(text.size());
    const auto at = static_cast<std::size_t>(*rc::gen::inRange(0, size + 1));
    const auto length = static_cast<std::size_t>(*rc::gen::inRange(1, 9));
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at,
                    TextOf(*rc::gen::container<Bytes>(length, rc::gen::arbitrary<std::uint8_t>())));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(*rc::gen::arbitrary<std::uint8_t>());
        break;
      default:
        text.insert(at, text.substr(at, length));
    }
  }
  return text;
}

class ControlFuzz : public testing::Test {
 protected:
  Fuzzed fuzzed_;

  // rapidcheck makes 100 cases of it, each of several requests.
  template <typename Make>
  void ThrowMany(const std::string& what, Make make) {
    EXPECT_TRUE(rc::check(what, [&] {
      for (int i = 0; i < 5; ++i) fuzzed_.Throw(make());
    }));
  }
};

TEST_F(ControlFuzz, ArbitraryBytes) {
  ThrowMany("bytes", [] { return TextOf(*rc::gen::arbitrary<Bytes>()); });
}

TEST_F(ControlFuzz, MutatedRequests) {
  ThrowMany("requests", [] { return Mutated(GoodRequest(GoodBody())); });
}

TEST_F(ControlFuzz, MutatedBodies) {
  ThrowMany("bodies", [] { return GoodRequest(Mutated(GoodBody())); });
}

TEST_F(ControlFuzz, CutConnections) {
  ThrowMany("cuts", [] {
    const std::string request = GoodRequest(GoodBody()) + GoodRequest(GoodBody());
    const auto size = static_cast<int>(request.size());
    return request.substr(0, static_cast<std::size_t>(*rc::gen::inRange(0, size)));
  });
}

}  // namespace
}  // namespace touchstone::provider
