#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/administration/administration.h"
#include "domain/sessions/sessions.h"

// Looking people up, locking and suspending them through the Client-Server API (spec "Server
// Administration"; MSC4323).
namespace latchkey::administration {

enum class ModerationRefused {
  not_administrator,
  suspended,  // the administrator is
  not_local,
  not_found,  // or deactivated
  own_account,
  other_administrator,
};

// Why `who` may not take a measure against `target`; absent: they may. Whether `who` is an
// administrator is asked before any account is looked up.
std::optional<ModerationRefused> refuse_measure(const sessions::Identity& who,
                                                const sessions::Account& target);

class Moderation {
 public:
  Moderation(const Ground& ground, Administration& administration, std::string server_name)
      : ground_(ground), administration_(administration), server_name_(std::move(server_name)) {}

  template <class T>
  using Result = std::expected<T, ModerationRefused>;

  // Why somebody may take no measure against anybody; absent: they may.
  static std::optional<ModerationRefused> refuse(const sessions::Identity& who);

  // The account of that Matrix ID, for the person themselves and for administrators.
  Task<Result<sessions::Account>> look_up(const sessions::Identity& who, std::string user_id);

  // Whether the measure holds against the user of that Matrix ID.
  Task<Result<bool>> read(const sessions::Identity& who, std::string user_id, Measure measure);
  // Takes or lifts it; returns whether it holds now. `address` is whence, for the audit.
  Task<Result<bool>> write(const sessions::Identity& who, std::string address, std::string user_id,
                           Measure measure, bool wanted);

 private:
  // The same of that user: the Matrix ID must be one of this server.
  std::optional<ModerationRefused> refuse(const sessions::Identity& who,
                                          std::string_view user_id) const;

  const Ground& ground_;
  Administration& administration_;
  const std::string server_name_;
};

}  // namespace latchkey::administration
