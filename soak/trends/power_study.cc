#include "soak/trends/power_study.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "soak/trends/gauge.h"
#include "soak/trends/verdict.h"

namespace touchstone::soak {
namespace {

constexpr double kBaseKib = 20'000;
constexpr std::size_t kMostSamples = 5400;  // what a record of a day keeps: every 16th
constexpr std::size_t kMostRaw = 400;

double LeakOf(double kilobytes_per_hour, double seconds) {
  return kilobytes_per_hour * 1000 / 1024 * seconds / 3600;
}

// A cache that fills at an even pace until this share of the time is over.
double Fills(double share, double until, double kib) { return kib * std::min(1.0, share / until); }

Lives Thinned(const Lives& lives) {
  std::size_t all = 0;
  for (const auto& series : lives) all += series.size();
  const std::size_t every = std::max<std::size_t>(1, all / kMostRaw);
  Lives thinned;
  for (const auto& series : lives) {
    auto& kept = thinned.emplace_back();
    for (std::size_t i = 0; i < series.size(); i += every) kept.push_back(series[i]);
  }
  return thinned;
}

}  // namespace

std::vector<Synthetic> StudiedSeries(double length_s) {
  const auto none = [](double, double) { return 0.0; };
  const auto leak = [](double per_hour) {
    return [=](double, double seconds) { return LeakOf(per_hour, seconds); };
  };
  std::vector<Synthetic> all;
  const auto add = [&](std::string name, bool leaks, auto shape, double correlation_s = 0,
                       int restarts = 0) {
    all.push_back({std::move(name), leaks, length_s, shape, 40, correlation_s, restarts});
  };
  add("no leak", false, none);
  add("no leak, noise lasts 10 s", false, none, 10);
  add("no leak, noise lasts 100 s", false, none, 100);
  add("no leak, noise lasts 1000 s", false, none, 1000);
  add("no leak, 9 restarts", false, none, 10, 9);
  add(
      "a step of 2 MiB at 10 %", false,
      [](double share, double) { return share < 0.1 ? 0.0 : 2048.0; }, 10);
  add(
      "a step of 2 MiB at 60 %", false,
      [](double share, double) { return share < 0.6 ? 0.0 : 2048.0; }, 10);
  add(
      "a step of 350 KiB at 55 %", false,
      [](double share, double) { return share < 0.55 ? 0.0 : 350.0; }, 10);
  add(
      "steps of 1 MiB at 5, 15, 30 %", false,
      [](double share, double) {
        return 1024.0 * ((share > 0.05) + (share > 0.15) + (share > 0.3));
      },
      10);
  add(
      "a cache of 8 MiB fills until 25 %", false,
      [](double share, double) { return Fills(share, 0.25, 8192); }, 10);
  add(
      "a heap settles (1 - e^-t, 8 %)", false,
      [](double share, double) { return 8192 * (1 - std::exp(-share / 0.08)); }, 10);
  add("falls by 500 KB/h", false, leak(-500), 10);
  add("leaks 100 KB/h", true, leak(100));
  add("leaks 100 KB/h, noise lasts 10 s", true, leak(100), 10);
  add("leaks 100 KB/h, noise lasts 100 s", true, leak(100), 100);
  add("leaks 500 KB/h, noise lasts 10 s", true, leak(500), 10);
  add("leaks 500 KB/h, noise lasts 100 s", true, leak(500), 100);
  add("leaks 500 KB/h, 9 restarts", true, leak(500), 10, 9);
  add(
      "leaks 500 KB/h, a cache fills until 25 %", true,
      [](double share, double s) { return Fills(share, 0.25, 8192) + LeakOf(500, s); }, 10);
  add(
      "leaks 500 KB/h from the middle on", true,
      [=](double, double s) { return LeakOf(500, std::max(0.0, s - length_s / 2)); }, 10);
  return all;
}

Lives Generate(const Synthetic& synthetic, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 1);
  const double apart = std::max(1.0, std::round(synthetic.length_s / kMostSamples));
  const double memory =
      synthetic.correlation_s > 0 ? std::exp(-apart / synthetic.correlation_s) : 0;
  const double life_s = synthetic.length_s / (synthetic.restarts + 1);
  Lives lives;
  double value = noise(random);
  for (double at = 0; at < synthetic.length_s; at += apart) {
    const auto life = static_cast<std::size_t>(at / life_s);
    if (lives.size() <= life) lives.resize(life + 1);
    const double age = at - static_cast<double>(life) * life_s;
    value = memory * value + std::sqrt(1 - memory * memory) * noise(random);
    const double kib = kBaseKib + synthetic.shape(age / life_s, age) + synthetic.noise_kib * value;
    lives[life].push_back({at, std::round(kib / 4) * 4});  // RSS comes in pages
  }
  return lives;
}

namespace {

constexpr TrendLimits kLimits;

template <typename Fn>
double Share(const Synthetic& synthetic, int repetitions, std::uint64_t seed, Fn rises) {
  int risen = 0;
  for (int i = 0; i < repetitions; ++i)
    risen += rises(Generate(synthetic, seed + static_cast<std::uint64_t>(i) * 7919));
  return static_cast<double>(risen) / repetitions;
}

}  // namespace

Rates Study(const Synthetic& synthetic, int repetitions, std::uint64_t seed) {
  const auto share = [&](auto p_of) {
    return Share(synthetic, repetitions, seed,
                 [&](const Lives& lives) { return p_of(lives) < kLimits.significance; });
  };
  Rates rates;
  rates.plain_raw = share([](const Lives& lives) { return PlainMannKendall(Thinned(lives)); });
  rates.plain_medians =
      share([](const Lives& lives) { return PlainMannKendall(AfterWarmUp(lives).lives); });
  rates.corrected = share([](const Lives& lives) { return FindRise(AfterWarmUp(lives).lives).p; });
  rates.judged = ShareJudged(synthetic, repetitions, seed);
  return rates;
}

double ShareJudged(const Synthetic& synthetic, int repetitions, std::uint64_t seed) {
  return Share(synthetic, repetitions, seed, [](const Lives& lives) {
    const GaugeLimits limits{kLimits.rss_kib_per_hour, kLimits.rss_least_kib, kLimits.significance,
                             kLimits.fewest_points};
    return JudgeGauge(lives, "KiB", limits).verdict == TrendVerdict::kRises;
  });
}

}  // namespace touchstone::soak
