// Random histories of one person's sessions, over the real rules: whatever crashes, races, is
// lost, stolen or restored, nobody is hard-logged-out whom no person signed out.
//
// A failing history is shrunk and printed with its seed; RC_PARAMS="seed=…" repeats it, and
// RC_PARAMS="max_success=10000" looks longer.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <ostream>

#include "domain/sessions/model_world_testing.h"
#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions::testing {
namespace {

using Weights = std::vector<std::pair<std::size_t, Op>>;

struct Campaign {
  const char* name;
  Setting setting;
  Weights more;  // beside going on, waiting and refreshing
  // Nothing happens here that could cost even a sign-in to the same device.
  bool costs_nothing = false;
};

constexpr Duration kDay = 24h;
const std::vector<Duration> kWaits{1s,   5s,   20s,  50s, 59s,      61s,      70s,
                                   150s, 299s, 310s, 1h,  2 * kDay, 40 * kDay};
const std::vector<Duration> kClockJumps{-30s, 90s, -1h, 1h, -400 * kDay, 400 * kDay};

Setting setting(std::size_t tabs, std::size_t nodes = 1) {
  Policy policy;
  policy.access_token_lifetime = 5min;
  policy.refresh_grace = 60s;
  policy.remember_ended = kDay;
  return {.tabs = tabs, .nodes = nodes, .policy = policy};
}

Setting limited(std::size_t tabs, std::size_t nodes, Limit refresh_lifetime, Limit age) {
  Setting result = setting(tabs, nodes);
  result.policy.refresh_token_lifetime = refresh_lifetime;
  result.policy.maximum_age = age;
  return result;
}

Setting without_grace(std::size_t tabs) {
  Setting result = setting(tabs);
  result.policy.refresh_grace = 0s;
  return result;
}

Setting short_lived(std::size_t tabs) {
  Setting result = setting(tabs);
  result.policy.access_token_lifetime = 30s;
  return result;
}

const Campaign kCampaigns[] = {
    {"OneTab", setting(1), {}, true},
    {"OneTabThatDies", setting(1), {{3, Op::kill}}},
    {"LateDuplicates", setting(1), {{2, Op::duplicate}, {2, Op::deliver}}},
    {"Crashes", limited(1, 1, 30 * kDay, {}), {{3, Op::crash}, {1, Op::restart}}},
    {"Tabs", setting(3), {}},
    {"TabsWithoutGrace", without_grace(2), {}},
    {"TabsAndClock", setting(2), {{2, Op::set_clock}}},
    {"TabsAndLock", setting(2), {{1, Op::lock}, {2, Op::unlock}}},
    {"TabsAndSoftEnds", setting(2), {{1, Op::end_softly}}},
    {"TabsAndLimits", limited(2, 1, 10 * kDay, 30 * kDay), {}},
    {"Ends",
     setting(2),
     {{1, Op::end_softly},
      {1, Op::lock},
      {2, Op::unlock},
      {1, Op::log_out},
      {1, Op::log_out_everywhere},
      {1, Op::kill},
      {1, Op::crash},
      {1, Op::purge},
      {1, Op::restart}}},
    {"Restore",
     setting(1),
     {{2, Op::back_up}, {1, Op::restore}, {1, Op::crash}, {1, Op::end_softly}, {1, Op::restart}}},
    {"RestoreAndClock",
     setting(1),
     {{2, Op::back_up}, {1, Op::restore}, {1, Op::set_clock}, {1, Op::end_softly}}},
    {"FailOver", setting(1), {{3, Op::back_up}, {2, Op::fail_over}, {1, Op::end_softly}}},
    {"TwoNodes", setting(2, 2), {{3, Op::sync}, {1, Op::crash}}},
    {"TwoNodesAndEnds",
     setting(2, 2),
     {{3, Op::sync}, {1, Op::log_out}, {1, Op::end_softly}, {1, Op::lock}, {2, Op::unlock}}},
    {"Thief", setting(1), {{2, Op::steal}, {4, Op::thief_refreshes}, {4, Op::thief_reads}}},
    {"ThiefAndCrashes",
     setting(1),
     {{2, Op::steal}, {4, Op::thief_refreshes}, {4, Op::thief_reads}, {2, Op::crash}}},
    {"ThiefAndShortLives",
     short_lived(1),
     {{2, Op::steal}, {4, Op::thief_refreshes}, {4, Op::thief_reads}}},
    {"Everything",
     limited(3, 2, 30 * kDay, 200 * kDay),
     {{2, Op::kill},
      {2, Op::duplicate},
      {2, Op::deliver},
      {2, Op::crash},
      {1, Op::restart},
      {2, Op::sync},
      {1, Op::lock},
      {2, Op::unlock},
      {1, Op::end_softly},
      {1, Op::log_out},
      {1, Op::log_out_everywhere},
      {2, Op::back_up},
      {1, Op::restore},
      {1, Op::fail_over},
      {1, Op::set_clock},
      {1, Op::purge},
      {1, Op::steal},
      {2, Op::thief_refreshes},
      {2, Op::thief_reads}}},
};

rc::Gen<Step> any_step(const Campaign& campaign) {
  Weights weights{{16, Op::go}, {8, Op::wait}, {2, Op::refresh}};
  weights.insert(weights.end(), campaign.more.begin(), campaign.more.end());
  std::vector<Op> ops;
  for (const auto& [weight, op] : weights) ops.insert(ops.end(), weight, op);
  const auto number = rc::gen::element<std::size_t>(0, 1, 2);
  const auto span = [](const Op op) { return op == Op::set_clock ? kClockJumps : kWaits; };
  return rc::gen::mapcat(rc::gen::elementOf(ops), [number, span](const Op op) {
    return rc::gen::build<Step>(
        rc::gen::set(&Step::op, rc::gen::just(op)), rc::gen::set(&Step::tab, number),
        rc::gen::set(&Step::node, number),
        rc::gen::set(&Step::loss, rc::gen::weightedElement<Loss>(
                                      {{8, Loss::nothing}, {1, Loss::request}, {1, Loss::reply}})),
        rc::gen::set(&Step::stored, rc::gen::weightedElement<bool>({{6, true}, {1, false}})),
        rc::gen::set(&Step::span, rc::gen::elementOf(span(op))));
  });
}

// Sanitizers make a step twenty times as long; what they look for, shorter histories show too.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr double kScale = 1;
#else
constexpr double kScale = 4;
#endif

// Up to 400 steps, 200 on average.
rc::Gen<std::vector<Step>> any_history(const Campaign& campaign) {
  return rc::gen::scale(kScale, rc::gen::container<std::vector<Step>>(
                                    rc::gen::resize(rc::kNominalSize, any_step(campaign))));
}

std::ostream& operator<<(std::ostream& out, const Campaign& campaign) {
  return out << campaign.name;
}

class SessionModel : public ::testing::TestWithParam<Campaign> {};

INSTANTIATE_TEST_SUITE_P(Campaigns, SessionModel, ::testing::ValuesIn(kCampaigns),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(SessionModel, KeepsItsPromises) {
  std::size_t steps = 0;
  std::size_t soft_sign_ins = 0;
  EXPECT_TRUE(rc::check([&] {
    World world(GetParam().setting);
    for (const Step& step : *any_history(GetParam())) {
      world.act(step);
      ++steps;
      if (!world.broken().empty()) RC_FAIL(world.broken().front());
    }
    if (GetParam().costs_nothing) RC_ASSERT(world.soft_sign_ins() == 0U);
    soft_sign_ins += world.soft_sign_ins();
  }));
  RecordProperty("steps", static_cast<int>(steps));
  RecordProperty("soft_sign_ins", static_cast<int>(soft_sign_ins));
}

}  // namespace
}  // namespace latchkey::sessions::testing
