#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/sessions/model_server_testing.h"

// The world around a ModelServer: one person's client with several tabs that share a store, a
// thief, a network that loses messages; and the truth, against which every answer is held.
namespace latchkey::sessions::testing {

enum class Op {
  go,         // a tab does what the specification has it do next
  wait,       // `span` passes
  refresh,    // a tab refreshes before it has to
  kill,       // the tab's process dies and starts from the store
  duplicate,  // the network keeps a copy of the tab's refresh
  deliver,    // and delivers the oldest such copy
  log_out,
  log_out_everywhere,
  end_softly,  // an administrator
  lock,
  unlock,
  crash,
  restart,
  sync,  // announcements reach the other nodes
  back_up,
  restore,
  fail_over,
  set_clock,  // by `span`
  purge,
  steal,  // a thief copies the tab's tokens
  thief_refreshes,
  thief_reads,
};

enum class Loss { nothing, request, reply };

struct Step {
  Op op = Op::go;
  std::size_t tab = 0;
  std::size_t node = 0;
  Loss loss = Loss::nothing;
  bool stored = true;  // the client writes the tokens it got to its store
  Duration span{0};
};

std::ostream& operator<<(std::ostream& out, const Step& step);

struct Setting {
  std::size_t tabs = 1;
  std::size_t nodes = 1;
  Policy policy;
};

class World {
 public:
  explicit World(const Setting& setting);

  void act(const Step& step);

  // The broken promises so far, in words; none is what a test expects.
  const std::vector<std::string>& broken() const { return broken_; }
  std::size_t soft_sign_ins() const { return soft_sign_ins_; }
  std::size_t wipes() const { return wipes_; }

 private:
  using Tokens = std::pair<SessionId, Generation>;
  enum class State { gone, signed_in, must_refresh, must_sign_in };
  struct Tab {
    std::optional<Tokens> tokens;
    State state = State::gone;
  };

  Tab& tab(const Step& step) { return tabs_[step.tab % tabs_.size()]; }
  void break_promise(std::string what);

  void go(Tab& tab, const Step& step);
  void use(Tab& tab, const Step& step);
  void refresh(Tab& tab, const Step& step);
  void sign_in(Tab& tab, const Step& step);
  void sign_in_anew(Tab& tab, const Step& step);
  void start_from_store(Tab& tab);
  void wipe(Tab& tab, Reason reason);
  void log_out(const Step& step);
  void steal(const Step& step);
  void thief_refreshes(std::size_t node);
  void fault(const Step& step);
  void administer(const Step& step);

  // What is asked of the server, with the truth written down.
  Standing read(std::size_t node, Tokens tokens);
  ModelServer::Answer ask_refresh(std::size_t node, Tokens tokens, bool by_thief = false);
  void handed_out(Tokens tokens);
  void ended_deliberately(DeviceKey device);
  void forget_uses(const ModelServer::Forgotten& uses);
  void excuse_what_the_clock_hides(const ModelDatabase& backup);
  void check_answer(SessionId id, const Standing& standing);
  void check_fresh_token(Tokens tokens, const Standing& standing);
  void check_devices();
  bool undisturbed() const { return !clock_was_set_ && restores_ == 0; }

  const Setting setting_;
  ModelServer server_;
  std::vector<Tab> tabs_;
  std::optional<Tokens> store_;
  DeviceKey device_{1};
  std::vector<Tokens> delayed_;
  std::optional<Tokens> stolen_;
  std::vector<ModelDatabase> backups_;

  // --- the truth ---
  std::map<SessionId, int> deliberate_;  // ended by a person, and how many restores ago that was
  std::map<SessionId, DeviceKey> device_of_;
  std::map<SessionId, Generation> newest_;  // handed out
  std::map<Tokens, Time> handed_out_at_;    // in true time, as the access token's life counts
  std::map<Tokens, Time> used_at_;
  std::set<Tokens> refused_;
  std::set<SessionId> excused_;
  int restores_ = 0;
  bool clock_was_set_ = false;
  std::vector<std::string> broken_;
  std::size_t soft_sign_ins_ = 0;
  std::size_t wipes_ = 0;
};

}  // namespace latchkey::sessions::testing
