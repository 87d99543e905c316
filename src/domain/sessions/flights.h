#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "domain/sessions/changes.h"
#include "domain/sessions/token.h"
#include "domain/sessions/verdict.h"
#include "platform/task.h"
#include "platform/time.h"

namespace latchkey::sessions {

// A verdict and the count of changes from before its row was read.
struct Judged {
  Verdict verdict;
  Changes::Ticket ticket = 0;
};

// Judgements that are under way ("single flight"): of several requests with one token that is not
// remembered, as after an outage, one reads the row, and the others wait for it. For one server
// thread; there are never more flights than requests.
class Flights {
 public:
  // What is asked. The same question has the same answer.
  struct Asked {
    Token::Bytes token;
    Duration slack{0};
    bool any_scope = false;

    auto operator<=>(const Asked&) const = default;
  };

  class Flight {
   public:
    explicit Flight(std::uint64_t number) : number_(number) {}
    // Which of this thread's it is, counted from 1.
    std::uint64_t number() const { return number_; }
    // Waits for its end.
    Task<void> landing();
    // Once it has ended: what it found; absent when nobody finished it. Throws what it threw.
    const std::optional<Judged>& found() const;

   private:
    friend class Flights;
    struct Waiter;

    void land();

    const std::uint64_t number_;
    bool landed_ = false;
    std::optional<Judged> found_;
    std::exception_ptr fault_;
    std::vector<Waiter*> waiters_;
  };

  // The reader's. The flight ends with it at the latest.
  class Turn {
   public:
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

    void answered(Judged found);
    void failed(std::exception_ptr fault);

   private:
    friend class Flights;
    using UnderWay = std::map<Asked, std::shared_ptr<Flight>>;
    Turn(std::shared_ptr<UnderWay> under_way, UnderWay::iterator mine);

    std::shared_ptr<UnderWay> under_way_;  // null: ended
    UnderWay::iterator mine_;
  };

  // How many have begun: whoever asks now is told the truth by one with a higher number, whatever
  // it finds. One that began before may have read before another request changed something.
  std::uint64_t begun() const { return begun_; }
  // Null: nobody asks that.
  std::shared_ptr<Flight> find(const Asked& asked) const;
  // Only where find() gives none.
  Turn begin(const Asked& asked);
  std::size_t under_way() const { return under_way_->size(); }

 private:
  std::uint64_t begun_ = 0;
  // Of turns too, which may outlive this.
  std::shared_ptr<Turn::UnderWay> under_way_ = std::make_shared<Turn::UnderWay>();
};

}  // namespace latchkey::sessions
