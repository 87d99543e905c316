// What operators do to the links between accounts and identity providers.

#include "domain/administration/administration.h"
#include "domain/self/operations.h"
#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace latchkey::administration {

Task<Administration::Result<>> Administration::link(Operator by, std::string name,
                                                    std::string provider, std::string subject) {
  // As where a provider says it: it is shown to operators, on their terminals too.
  if (subject.empty() || subject.size() > providers::kLongestSubject ||
      !text::valid_utf8(subject) || text::has_controls(subject)) {
    co_return refuse(Why::not_a_subject, subject);
  }
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto who = admit(tx, name, Which::in_use);
    if (!who) return std::unexpected(who.error());
    if (!providers::insert_link(tx, {.provider = provider,
                                     .subject = subject,
                                     .user = who->account.id,
                                     .created_at = ground_.clock.now()})) {
      return refuse(Why::link_taken, subject);
    }
    note(tx, by, "user link", target(who->account), provider + " " + subject);
    return {};
  });
}

Task<Administration::Result<>> Administration::unlink(Operator by, std::string name,
                                                      std::string provider, std::string subject) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    if (!providers::delete_link(tx, who->account.id, provider, subject)) {
      return refuse(Why::no_such_link, subject, name);
    }
    ground_.events.tell(tx, events::LinkRemoved{who->account.id});
    note(tx, by, "user unlink", target(who->account), provider + " " + subject);
    return {};
  });
}

Task<Administration::Result<std::vector<providers::Link>>> Administration::list_links(
    std::string name) {
  using Links = std::vector<providers::Link>;
  co_return co_await ground_.db.read([&](db::Tx& tx) -> Result<Links> {
    const auto user = find(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    return providers::links_of(tx, user->account.id);
  });
}

}  // namespace latchkey::administration
