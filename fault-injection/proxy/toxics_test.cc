// Each toxic, as the two ends feel it.
#include "fault-injection/proxy/test_wire.h"

namespace touchstone::proxy {
namespace {

using std::chrono::milliseconds;

class Toxics : public WireTest {
 protected:
  static std::int64_t Since(Clock::time_point begun) {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - begun).count();
  }
};

TEST_F(Toxics, LatencyDelaysBytesAndTheEndOneWayOnly) {
  MakeProxy(R"([{"type":"latency","attributes":{"latency":200,"jitter":50}}])");
  auto [client, origin] = Connect();
  client.Send("up");
  EXPECT_EQ(origin.Read(2), "up");
  const auto begun = Clock::now();
  origin.Send("down");
  EXPECT_EQ(client.Read(4), "down");
  EXPECT_GE(Since(begun), 149);
  const auto ended = Clock::now();
  origin.Fin();
  EXPECT_EQ(client.ReadAll().ending, Ending::kFin);
  EXPECT_GE(Since(ended), 149);
}

TEST_F(Toxics, LatencyKeepsTheOrder) {
  MakeProxy(R"([{"type":"latency","attributes":{"latency":20,"jitter":20}}])");
  auto [client, origin] = Connect();
  std::string sent;
  for (int i = 0; i < 30; ++i) {
    const std::string piece(10, static_cast<char>('A' + i));
    origin.Send(piece);
    sent += piece;
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(client.Read(sent.size()), sent);
}

TEST_F(Toxics, BandwidthHoldsTheRate) {
  MakeProxy(R"([{"type":"bandwidth","attributes":{"rate":100}}])");
  auto [client, origin] = Connect();
  const auto begun = Clock::now();
  origin.Send(std::string(50'000, 'x'));
  EXPECT_EQ(client.Read(50'000).size(), 50'000u);
  EXPECT_GE(Since(begun), 499);
}

TEST_F(Toxics, SlowCloseDelaysTheEndAlone) {
  MakeProxy(R"([{"type":"slow_close","attributes":{"delay":300}}])");
  auto [client, origin] = Connect();
  origin.Send("x");
  EXPECT_EQ(client.Read(1), "x");
  const auto begun = Clock::now();
  origin.Fin();
  EXPECT_EQ(client.ReadAll().ending, Ending::kFin);
  EXPECT_GE(Since(begun), 299);
}

TEST_F(Toxics, TimeoutSwallowsThenCloses) {
  MakeProxy(R"([{"type":"timeout","attributes":{"timeout":200}}])");
  auto [client, origin] = Connect();
  origin.Send("lost");
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes, "");
  EXPECT_EQ(heard.ending, Ending::kFin);
  client.Close();
  origin.Close();
  const auto record = Closed();
  EXPECT_EQ(record.at("closed_by"), "toxic timeout_downstream");
  EXPECT_EQ(record.at("received_down"), 4);
  EXPECT_EQ(record.at("bytes_down"), 0);
}

TEST_F(Toxics, TimeoutOfZeroSwallowsUntilItIsRemoved) {
  MakeProxy(R"([{"type":"timeout","attributes":{"timeout":0}}])");
  auto [lossy, lossy_origin] = Connect();
  auto [idle, idle_origin] = Connect();
  lossy_origin.Send("lost");
  ASSERT_TRUE(
      Eventually([&] { return Connections().at_pointer("/connections/0/received_down") == 4; }));
  EXPECT_EQ(lossy.ReadSome(milliseconds(50)).ending, Ending::kOpen);
  Api("DELETE", "/proxies/p/toxics/timeout_downstream", 204);
  EXPECT_EQ(lossy.ReadAll().ending, Ending::kFin);
  idle_origin.Send("fine");
  EXPECT_EQ(idle.Read(4), "fine");
}

TEST_F(Toxics, ABlackHoleEndsWhenBothSidesHaveEnded) {
  MakeProxy(R"([{"type":"timeout"}])");
  auto [client, origin] = Connect();
  origin.Fin();
  client.Fin();
  EXPECT_EQ(origin.ReadAll().ending, Ending::kFin);
  Closed();
}

TEST_F(Toxics, ResetPeerReachesAnIdleConnectionOnBothSides) {
  MakeProxy();
  auto [client, origin] = Connect();
  AddToxic(R"({"type":"reset_peer"})");
  EXPECT_EQ(client.ReadAll().ending, Ending::kRst);
  EXPECT_EQ(origin.ReadAll().ending, Ending::kRst);
  EXPECT_EQ(Closed().at("how"), "RST");
}

TEST_F(Toxics, ResetPeerLetsNothingThroughBeforeItsTime) {
  MakeProxy(R"([{"type":"reset_peer","attributes":{"timeout":150}}])");
  auto [client, origin] = Connect();
  origin.Send("held");
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes, "");
  EXPECT_EQ(heard.ending, Ending::kRst);
}

TEST_F(Toxics, SlicerPausesBetweenPieces) {
  MakeProxy(R"([{"type":"slicer","attributes":
      {"average_size":10,"size_variation":3,"delay":20000}}])");
  auto [client, origin] = Connect();
  const auto begun = Clock::now();
  origin.Send(std::string(130, 'x'));
  EXPECT_EQ(client.Read(130).size(), 130u);
  EXPECT_GE(Since(begun), 179);  // at least ten pieces
}

// The second piece is an hour away: a reader that comes late cannot find two in one.
TEST_F(Toxics, SlicerCutsIntoPiecesOfTheirSize) {
  MakeProxy(R"([{"type":"slicer","attributes":
      {"average_size":10,"size_variation":3,"delay":3600000000}}])");
  auto [client, origin] = Connect();
  origin.Send(std::string(130, 'x'));
  const std::size_t first = client.ReadSome().bytes.size();
  EXPECT_GE(first, 7u);
  EXPECT_LE(first, 13u);
  Api("DELETE", "/proxies/p/toxics/slicer_downstream", 204);
  EXPECT_EQ(client.Read(130 - first).size(), 130 - first);
}

TEST_F(Toxics, LimitDataClosesAfterExactlyThatMany) {
  MakeProxy(R"([{"type":"limit_data","attributes":{"bytes":100}}])");
  auto [client, origin] = Connect();
  origin.Send(std::string(60, 'a'));
  EXPECT_EQ(client.Read(60).size(), 60u);
  origin.Send(std::string(60, 'b'));
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes, std::string(40, 'b'));
  EXPECT_EQ(heard.ending, Ending::kFin);
  EXPECT_EQ(origin.ReadAll().ending, Ending::kFin);
}

TEST_F(Toxics, LimitDataKeepsCountWhenItIsChanged) {
  MakeProxy(R"([{"type":"limit_data","attributes":{"bytes":100}}])");
  auto [client, origin] = Connect();
  origin.Send(std::string(60, 'a'));
  EXPECT_EQ(client.Read(60).size(), 60u);
  Api("POST", "/proxies/p/toxics/limit_data_downstream", 200, R"({"attributes":{"bytes":70}})");
  origin.Send(std::string(60, 'b'));
  EXPECT_EQ(client.ReadAll().bytes, std::string(10, 'b'));
}

TEST_F(Toxics, NoopChangesNothing) {
  MakeProxy(R"([{"type":"noop"},{"type":"noop","stream":"upstream"}])");
  auto [client, origin] = Connect();
  client.Send("up");
  client.Fin();
  EXPECT_EQ(origin.ReadAll().bytes, "up");
  origin.Send("down");
  origin.Fin();
  EXPECT_EQ(client.ReadAll().bytes, "down");
  Closed();
}

TEST_F(Toxics, CutAfterBytesResetsAndDeliversWhatItLetThrough) {
  MakeProxy(R"([{"type":"cut_after","attributes":{"bytes":50000,"how":"rst"}}])");
  auto [client, origin] = Connect();
  origin.Send(std::string(80'000, 'x'));
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes.size(), 50'000u);
  EXPECT_EQ(heard.ending, Ending::kRst);
  EXPECT_EQ(Closed().at("bytes_down"), 50'000);
}

TEST_F(Toxics, CutAfterTimeClosesAnIdleConnection) {
  MakeProxy(R"([{"type":"cut_after","stream":"upstream","attributes":{"ms":100}}])");
  auto [client, origin] = Connect();
  client.Send("before");
  EXPECT_EQ(origin.Read(6), "before");
  EXPECT_EQ(client.ReadAll().ending, Ending::kFin);
  EXPECT_EQ(origin.ReadAll().ending, Ending::kFin);
  client.Close();
  origin.Close();
  EXPECT_EQ(Closed().at("closed_by"), "toxic cut_after_upstream");
}

TEST_F(Toxics, BlackholeAfterBytesStaysOpenAndSilent) {
  MakeProxy(R"([{"type":"blackhole_after","attributes":{"bytes":5}}])");
  auto [client, origin] = Connect();
  origin.Send("hello world");
  origin.Close();
  EXPECT_EQ(client.Read(5), "hello");
  const Heard heard = client.ReadSome(milliseconds(100));
  EXPECT_EQ(heard.bytes, "");
  EXPECT_EQ(heard.ending, Ending::kOpen);
  client.Close();
  Closed();
}

TEST_F(Toxics, BlackholeAfterTime) {
  MakeProxy(R"([{"type":"blackhole_after","attributes":{"ms":60000}}])");
  auto [client, origin] = Connect();
  origin.Send("in time");
  EXPECT_EQ(client.Read(7), "in time");
  Api("PATCH", "/proxies/p/toxics/blackhole_after_downstream", 200, R"({"attributes":{"ms":0}})");
  origin.Send("late");
  EXPECT_EQ(client.ReadSome(milliseconds(100)).bytes, "");
}

TEST_F(Toxics, RemovingOrChangingOneFlushesWhatItHeld) {
  MakeProxy(R"([{"type":"latency","attributes":{"latency":80000000}}])");
  auto [client, origin] = Connect();
  const auto hold = [&, &origin = origin](const char* bytes, int all) {
    origin.Send(bytes);
    ASSERT_TRUE(Eventually(
        [&] { return Connections().at_pointer("/connections/0/received_down") == all; }));
  };
  hold("one", 3);
  Api("POST", "/proxies/p/toxics/latency_downstream", 200, R"({"attributes":{"jitter":1}})");
  EXPECT_EQ(client.Read(3), "one");
  hold("two", 6);
  Api("DELETE", "/proxies/p/toxics/latency_downstream", 204);
  EXPECT_EQ(client.Read(3), "two");
  origin.Fin();
  EXPECT_EQ(client.ReadAll().ending, Ending::kFin);
}

TEST_F(Toxics, FullHoldDoesNotKeepTheRemovalWaiting) {
  MakeProxy(R"([{"type":"bandwidth","attributes":{"rate":1}}])");
  auto [client, origin] = Connect();
  constexpr std::size_t kSize = 16 << 20;
  std::jthread sender([&origin = origin] { origin.Send(std::string(kSize, 'x')); });
  ASSERT_TRUE(Eventually([&] {
    return Connections().at_pointer("/connections/0/received_down").as_int64() > Link::kMostHeld;
  }));
  Api("DELETE", "/proxies/p/toxics/bandwidth_downstream", 204);
  EXPECT_EQ(client.Read(kSize).size(), kSize);
}

TEST_F(Toxics, ToxicityIsDrawnOncePerConnectionBySeed) {
  const auto draw = [](std::uint64_t seed) {
    ProxySet proxies(seed, 2);
    Origin origin;
    const auto made = boost::json::parse(
        proxies
            .Handle({"POST", "/proxies",
                     R"({"name":"p","upstream":"127.0.0.1:)" + std::to_string(origin.port()) +
                         R"(","toxics":[{"type":"noop","toxicity":0.5}]})"})
            .body);
    const std::string listen(made.at("listen").as_string());
    std::vector<Peer> peers;
    for (int i = 0; i < 40; ++i) {
      peers.push_back(Peer::To(std::stoi(listen.substr(listen.rfind(':') + 1))));
      peers.push_back(origin.Accept());
    }
    std::string drawn;
    EXPECT_TRUE(Eventually([&] {
      drawn.clear();
      const auto all =
          boost::json::parse(proxies.Handle({"GET", "/proxies/p/connections", ""}).body);
      for (const auto& connection : all.at("connections").as_array()) {
        for (const auto& toxic : connection.at("toxics").as_array())
          drawn += toxic.at("applied").as_bool() ? '1' : '0';
      }
      return drawn.size() == 40;
    }));
    return drawn;
  };
  const std::string one = draw(1), again = draw(1), other = draw(2);
  EXPECT_EQ(one, again);
  EXPECT_NE(one, other);
  EXPECT_NE(one.find('0'), std::string::npos);
  EXPECT_NE(one.find('1'), std::string::npos);
}

}  // namespace
}  // namespace touchstone::proxy
