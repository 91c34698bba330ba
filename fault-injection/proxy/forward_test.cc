// What the proxy does without toxics. Races: --gtest_filter='Forward*:Toxics*' --gtest_repeat=200
#include <atomic>
#include <thread>
#include <vector>

#include "fault-injection/proxy/test_wire.h"

namespace touchstone::proxy {
namespace {

using Forward = WireTest;

TEST_F(Forward, CarriesBytesBothWaysAndCountsThem) {
  MakeProxy();
  auto [client, origin] = Connect();
  client.Send("question");
  EXPECT_EQ(origin.Read(8), "question");
  origin.Send("answer");
  EXPECT_EQ(client.Read(6), "answer");
  EXPECT_EQ(Connections().at("open"), 1);
  // Bytes are counted when the system has taken them: the reader may be a moment earlier.
  EXPECT_TRUE(Eventually([&] {
    const auto now = Connections();
    return now.at_pointer("/connections/0/bytes_up") == 8 &&
           now.at_pointer("/connections/0/bytes_down") == 6;
  }));
  client.Close();
  EXPECT_EQ(origin.ReadAll().ending, Ending::kFin);
  origin.Close();
  const auto record = Closed();
  EXPECT_EQ(record.at("closed_by"), "client");
  EXPECT_EQ(record.at("how"), "FIN");
  EXPECT_EQ(record.at("id"), 1);
}

TEST_F(Forward, ForwardsTheClientsHalfClose) {
  MakeProxy();
  auto [client, origin] = Connect();
  client.Send("all");
  client.Fin();
  EXPECT_EQ(origin.ReadAll().bytes, "all");
  origin.Send("late answer");
  origin.Fin();
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes, "late answer");
  EXPECT_EQ(heard.ending, Ending::kFin);
  EXPECT_EQ(Closed().at("closed_by"), "client");
}

TEST_F(Forward, ForwardsTheUpstreamsHalfClose) {
  MakeProxy();
  auto [client, origin] = Connect();
  origin.Fin();
  EXPECT_EQ(client.ReadAll().ending, Ending::kFin);
  client.Send("still here");
  client.Fin();
  EXPECT_EQ(origin.ReadAll().bytes, "still here");
  EXPECT_EQ(Closed().at("closed_by"), "upstream");
}

TEST_F(Forward, ForwardsResetsAsResets) {
  MakeProxy();
  {
    auto [client, origin] = Connect();
    client.Send("x");
    origin.Read(1);
    client.Reset();
    EXPECT_EQ(origin.ReadAll().ending, Ending::kRst);
    EXPECT_EQ(Closed(1).at("closed_by"), "client");
    EXPECT_EQ(Closed(1).at("how"), "RST");
  }
  auto [client, origin] = Connect();
  origin.Send("part");
  EXPECT_EQ(client.Read(4), "part");
  origin.Reset();
  EXPECT_EQ(client.ReadAll().ending, Ending::kRst);
  EXPECT_EQ(Closed(2).at("closed_by"), "upstream");
  EXPECT_EQ(Closed(2).at("how"), "RST");
}

TEST_F(Forward, BytesBeforeAResetArrive) {
  MakeProxy();
  auto [client, origin] = Connect();
  origin.Send(std::string(100'000, 'x'));
  ASSERT_TRUE(Eventually([&] { return ReceivedDown() == 100'000; }));
  origin.Reset();
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes.size(), 100'000u);
  EXPECT_EQ(heard.ending, Ending::kRst);
}

TEST_F(Forward, HoldsBackAFastSenderAndLosesNothing) {
  MakeProxy();
  auto [client, origin] = Connect();
  constexpr std::size_t kSize = 64 << 20;
  std::jthread sender([&origin = origin] {
    origin.Send(std::string(kSize, 'x'));
    origin.Fin();
  });
  // The reader sleeps: the proxy takes what it may hold, and far from all.
  ASSERT_TRUE(Eventually([&] { return ReceivedDown() > Link::kMostHeld; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // it would go on taking
  EXPECT_LT(ReceivedDown(), static_cast<std::int64_t>(kSize / 2));
  const Heard heard = client.ReadAll();
  EXPECT_EQ(heard.bytes.size(), kSize);
  EXPECT_EQ(heard.ending, Ending::kFin);
}

TEST_F(Forward, ClosesTheClientWhereNobodyListens) {
  int port = 0;
  { port = Origin().port(); }
  const auto made = Api("POST", "/proxies", 201,
                        R"({"name":"p","upstream":"127.0.0.1:)" + std::to_string(port) + "\"}");
  const std::string listen(made.at("listen").as_string());
  Peer client = Peer::To(std::stoi(listen.substr(listen.rfind(':') + 1)));
  client.Send("hello");
  EXPECT_NE(client.ReadAll().ending, Ending::kOpen);
  client.Close();
  EXPECT_EQ(Closed().at("closed_by"), "upstream");
  EXPECT_EQ(Closed().at("error"), "Connection refused");
}

TEST_F(Forward, DisablingDropsConnectionsAndRefusesNewOnes) {
  MakeProxy();
  auto [client, origin] = Connect();
  Api("POST", "/proxies/p", 200, R"({"enabled":false})");
  EXPECT_NE(client.ReadAll().ending, Ending::kOpen);
  EXPECT_NE(origin.ReadAll().ending, Ending::kOpen);
  EXPECT_EQ(Closed().at("closed_by"), "proxy");
  Api("POST", "/proxies/p", 200, R"({"enabled":true})");
  auto [again, there] = Connect();  // at the same port
  again.Send("x");
  EXPECT_EQ(there.Read(1), "x");
}

TEST_F(Forward, ManyConnectionsAtOnceWhileToxicsComeAndGo) {
  MakeProxy();
  std::atomic<bool> stop = false;
  std::jthread changer([&] {
    while (!stop) {
      AddToxic(R"({"type":"slicer","attributes":{"average_size":100,"size_variation":50}})");
      AddToxic(R"({"type":"latency","attributes":{"latency":2,"jitter":2}})");
      Api("POST", "/proxies/p/toxics/latency_downstream", 200, R"({"attributes":{"latency":1}})");
      Api("POST", "/reset", 204);
    }
  });
  constexpr int kCallers = 16, kRounds = 5;
  constexpr std::size_t kSize = 20'000;
  std::atomic<int> whole = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kCallers; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < kRounds; ++round) {
          Peer client = Peer::To(port_);
          client.Send(std::string(kSize, static_cast<char>('a' + i)));
          client.Fin();
          const Heard heard = client.ReadAll();
          whole += heard.bytes == std::string(kSize, static_cast<char>('a' + i)) &&
                   heard.ending == Ending::kFin;
        }
      });
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          Peer origin = origin_.Accept();
          origin.Send(origin.ReadAll().bytes);
          origin.Fin();
        }
      });
    }
  }
  stop = true;
  changer.join();
  EXPECT_EQ(whole, kCallers * kRounds);
  EXPECT_TRUE(Eventually([&] { return Connections().at("open") == 0; }));
}

}  // namespace
}  // namespace touchstone::proxy
