// The HTTP API: its calls, its refusals, and garbage.
#include <gtest/gtest.h>
#include <httplib.h>
#include <rapidcheck/gtest.h>

#include "fault-injection/proxy/api_server.h"
#include "fault-injection/proxy/test_wire.h"
#include "fault-injection/proxy/toxic_types.h"

namespace touchstone::proxy {
namespace {

namespace json = boost::json;

using ProxyApi = WireTest;

std::string ErrorOf(const json::value& answer) {
  return std::string(answer.at("error").as_string());
}

TEST_F(ProxyApi, CreatesShowsListsAndDeletes) {
  EXPECT_EQ(Api("GET", "/proxies", 200), json::object());
  const auto made =
      Api("POST", "/proxies", 201, R"({"name":"a b","listen":"localhost:0","upstream":"x:1"})");
  EXPECT_EQ(made.at("name"), "a b");
  EXPECT_TRUE(made.at("listen").as_string().starts_with("127.0.0.1:"));
  EXPECT_NE(made.at("listen"), "127.0.0.1:0");
  EXPECT_EQ(made.at("upstream"), "x:1");
  EXPECT_EQ(made.at("enabled"), true);
  EXPECT_EQ(made.at("toxics"), json::array());
  EXPECT_EQ(Api("GET", "/proxies/a%20b", 200), made);
  EXPECT_EQ(Api("GET", "/proxies", 200), (json::object{{"a b", made}}));
  const auto twice = Api("POST", "/proxies", 409, R"({"name":"a b","upstream":"x:1"})");
  EXPECT_EQ(twice, (json::object{{"error", "proxy already exists"}, {"status", 409}}));
  Api("DELETE", "/proxies/a%20b", 204);
  EXPECT_EQ(Api("GET", "/proxies/a%20b", 404),
            (json::object{{"error", "proxy not found"}, {"status", 404}}));
}

TEST_F(ProxyApi, ToxicsHaveToxiproxysDefaults) {
  MakeProxy();
  const auto toxic = Api("POST", "/proxies/p/toxics", 200, R"({"type":"latency"})");
  EXPECT_EQ(toxic,
            json::parse(R"({"attributes":{"latency":0,"jitter":0},"name":"latency_downstream",
                                   "type":"latency","stream":"downstream","toxicity":1})"));
  EXPECT_EQ(Api("GET", "/proxies/p/toxics/latency_downstream", 200), toxic);
  EXPECT_EQ(Api("GET", "/proxies/p/toxics", 200), (json::array{toxic}));
  EXPECT_EQ(ErrorOf(Api("POST", "/proxies/p/toxics", 409, R"({"type":"latency"})")),
            "toxic already exists");
  const auto changed = Api("POST", "/proxies/p/toxics/latency_downstream", 200,
                           R"({"attributes":{"jitter":5},"toxicity":0.5})");
  EXPECT_EQ(changed.at("attributes"), json::parse(R"({"latency":0,"jitter":5})"));
  EXPECT_EQ(changed.at("toxicity"), 0.5);
  Api("DELETE", "/proxies/p/toxics/latency_downstream", 204);
  EXPECT_EQ(ErrorOf(Api("DELETE", "/proxies/p/toxics/latency_downstream", 404)), "toxic not found");
}

TEST_F(ProxyApi, ResetEnablesAllAndRemovesToxics) {
  MakeProxy(R"([{"type":"noop"}])");
  Api("POST", "/proxies/p", 200, R"({"enabled":false})");
  Api("POST", "/reset", 204);
  const auto now = Api("GET", "/proxies/p", 200);
  EXPECT_EQ(now.at("enabled"), true);
  EXPECT_EQ(now.at("toxics"), json::array());
}

TEST_F(ProxyApi, PopulateLeavesWhatIsThereAndReplacesWhatDiffers) {
  const auto port = MakeProxy(R"([{"type":"noop"}])");
  const auto same = R"([{"name":"p","listen":"127.0.0.1:)" + std::to_string(port) +
                    R"(","upstream":"127.0.0.1:)" + std::to_string(origin_.port()) +
                    R"("},{"name":"q","upstream":"x:1","enabled":false}])";
  const auto done = Api("POST", "/populate", 201, same);
  EXPECT_EQ(done.at("proxies").as_array().size(), 2u);
  EXPECT_EQ(done.at_pointer("/proxies/0/toxics").as_array().size(), 1u);
  EXPECT_EQ(done.at_pointer("/proxies/1/enabled"), false);
  const auto other = Api("POST", "/populate", 201, R"([{"name":"p","upstream":"y:2"}])");
  EXPECT_EQ(other.at_pointer("/proxies/0/upstream"), "y:2");
  EXPECT_EQ(other.at_pointer("/proxies/0/toxics"), json::array());
  const auto fault = Api("POST", "/populate", 400, R"([{"name":"n"}])");
  EXPECT_EQ(ErrorOf(fault), "missing required field: upstream at proxy 1");
}

TEST_F(ProxyApi, AChangedAddressRestartsTheProxy) {
  MakeProxy();
  auto [client, origin] = Connect();
  Origin other;
  const auto changed = Api("PATCH", "/proxies/p", 200,
                           R"({"upstream":"127.0.0.1:)" + std::to_string(other.port()) + R"("})");
  EXPECT_NE(client.ReadAll().ending, Ending::kOpen);
  Peer again = Peer::To(port_);
  Peer there = other.Accept();
  again.Send("x");
  EXPECT_EQ(there.Read(1), "x");
}

TEST_F(ProxyApi, ATakenPortIs500AsWithToxiproxy) {
  const auto answer = Api("POST", "/proxies", 500,
                          R"({"name":"p","upstream":"x:1","listen":"127.0.0.1:)" +
                              std::to_string(origin_.port()) + "\"}");
  EXPECT_NE(ErrorOf(answer).find("Address already in use"), std::string::npos);
  Api("GET", "/proxies/p", 404);
}

TEST_F(ProxyApi, RefusesBadProxies) {
  const std::pair<const char*, const char*> bad[] = {
      {"", "bad request body"},
      {"[]", "JSON object expected"},
      {"{}", "missing required field: name"},
      {R"({"name":"n"})", "missing required field: upstream"},
      {R"({"name":1})", "name: a string expected, got 1"},
      {R"({"name":"n","upstream":"x"})", "upstream: \"host:port\" expected"},
      {R"({"name":"n","upstream":"x:0"})", "from 1 to 65535"},
      {R"({"name":"n","upstream":"x:1","listen":"x:65536"})", "listen: "},
      {R"({"name":"n","upstream":"x:-1"})", "upstream: "},
      {R"({"name":"n","upstream":"x:1","enabled":"yes"})", "enabled: true or false"},
      {R"({"name":"n","upstream":"x:1","port":1})", "no field \"port\""},
      {R"({"name":"n","upstream":"x:1","toxics":[{"type":"none"}]})", "invalid toxic type"},
  };
  for (const auto& [body, why] : bad) {
    const auto error = ErrorOf(Api("POST", "/proxies", 400, body));
    EXPECT_NE(error.find(why), std::string::npos) << body << ": " << error;
  }
  EXPECT_EQ(Api("GET", "/proxies", 200), json::object());
}

TEST_F(ProxyApi, RefusesBadToxicsByTheNameOfTheAttribute) {
  MakeProxy();
  const std::pair<const char*, const char*> bad[] = {
      {R"({"type":"none"})", "invalid toxic type"},
      {R"({"type":"noop","stream":"sideways"})", "stream was invalid"},
      {R"({"type":"noop","toxicity":1.5})", "toxicity: a number from 0 to 1"},
      {R"({"type":"noop","toxicity":-1})", "toxicity"},
      {R"({"type":"noop","attributes":{"x":1}})", "\"x\": noop has no such attribute"},
      {R"({"type":"noop","attributes":[]})", "attributes: an object"},
      {R"({"type":"latency","attributes":{"latency":-1}})",
       "\"latency\" of latency: an integer from 0"},
      {R"({"type":"latency","attributes":{"latency":"9"}})", "\"latency\""},
      {R"({"type":"latency","attributes":{"latency":1.5}})", "\"latency\""},
      {R"({"type":"latency","attributes":{"jitter":99999999999999999999}})", "\"jitter\""},
      {R"({"type":"bandwidth"})", "\"rate\" of bandwidth is missing"},
      {R"({"type":"bandwidth","attributes":{"rate":0}})", "an integer from 1 to 10000000 (KB/s)"},
      {R"({"type":"slicer","attributes":{"average_size":0}})", "\"average_size\""},
      {R"({"type":"slicer","attributes":{"average_size":5,"size_variation":5}})", "size_variation"},
      {R"({"type":"cut_after"})", "exactly one"},
      {R"({"type":"cut_after","attributes":{"ms":1,"bytes":1}})", "exactly one"},
      {R"({"type":"cut_after","attributes":{"ms":1,"how":"bang"}})", "\"fin\" or \"rst\""},
      {R"({"type":"blackhole_after"})", "exactly one"},
  };
  for (const auto& [body, why] : bad) {
    const auto error = ErrorOf(Api("POST", "/proxies/p/toxics", 400, body));
    EXPECT_NE(error.find(why), std::string::npos) << body << ": " << error;
  }
  EXPECT_EQ(Api("GET", "/proxies/p/toxics", 200), json::array());
}

TEST_F(ProxyApi, KnowsItsPathsAndMethods) {
  MakeProxy();
  for (const char* path : {"/", "/nothing", "/proxies/p/x", "/proxies/p/toxics/a/b", "/proxies/no"})
    Api("GET", path, 404);
  for (const char* path : {"/version", "/proxies", "/proxies/p/toxics", "/reset", "/populate"})
    Api("PUT", path, 405);
  EXPECT_TRUE(Api("GET", "/version", 200).at("version").is_string());
}

TEST_F(ProxyApi, SpeaksHttp) {
  const auto server = ApiServer::Start({}, proxies_);
  ASSERT_TRUE(server) << server.error();
  httplib::Client client("127.0.0.1", (*server)->port());
  client.set_keep_alive(true);
  const auto made = client.Post("/proxies", R"({"name":"p","upstream":"x:1"})", "application/json");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status, 201);
  EXPECT_EQ(made->get_header_value("Content-Type"), "application/json");
  const auto gone = client.Delete("/proxies/p");
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->status, 204);
  const httplib::Headers page{{"Origin", "http://elsewhere.example"}};
  EXPECT_EQ(client.Post("/reset", page, "", "text/plain")->status, 403);
  Peer raw = Peer::To((*server)->port());
  raw.Send("this is not HTTP\r\n\r\n");
  EXPECT_TRUE(raw.ReadAll().bytes.starts_with("HTTP/1.1 400 "));
}

RC_GTEST_PROP(ApiGarbage, IsAnsweredWithAStatusAndJson, ()) {
  static ProxySet proxies(1, 1);
  const auto word = [] {
    return rc::gen::element<std::string>("proxies", "p", "toxics", "t", "populate", "reset", "",
                                         "%", "%0", "connections", "version", "..", "\xff");
  };
  Call call;
  call.method = *rc::gen::element<std::string>("GET", "POST", "PATCH", "DELETE", "PUT", "");
  for (const auto& part : *rc::gen::container<std::vector<std::string>>(word()))
    call.target += "/" + part;
  const auto piece = rc::gen::element<std::string>(
      "{", "}", "[", "]", ":", ",", "\"name\"", "\"p\"", "\"upstream\"", "\"x:1\"", "\"type\"",
      "\"latency\"", "\"attributes\"", "\"toxics\"", "-1", "1e999", "0.5", "null", "true", "\"",
      R"({"name":"p","upstream":"x:1","enabled":false})", R"({"type":"noop","name":"t"})");
  for (const auto& text : *rc::gen::container<std::vector<std::string>>(piece)) call.body += text;
  const Answer answer = proxies.Handle(call);
  RC_ASSERT(answer.status >= 200 && answer.status < 500);
  boost::system::error_code error;
  if (answer.status != 204) json::parse(answer.body, error);
  RC_ASSERT(!error);
}

RC_GTEST_PROP(ApiGarbage, AttributesOfAnyValueAreTakenOrRefused, (std::int64_t number)) {
  const auto* type = *rc::gen::elementOf(ToxicTypes());
  json::object attributes;
  for (const auto& attribute : type->attributes) {
    if (*rc::gen::arbitrary<bool>()) attributes[attribute.name] = number;
  }
  const auto read = ReadAttributes(*type, attributes, {});
  if (read) {
    RC_ASSERT(type->make(*read) != nullptr);
  } else {
    RC_ASSERT(read.error().find("attribute") != std::string::npos);
  }
}

}  // namespace
}  // namespace touchstone::proxy
