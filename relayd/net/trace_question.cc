#include "relayd/net/trace_question.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace tsmtp::net {

void ask_trace(const SharedBySites& shared, SiteLink& link, const std::string& transaction,
               std::function<void(const base::Result<mail::Traced>&)> done) {
  const mux::Hello* const peer = link.peer();
  if (peer == nullptr) return done(base::Error{"the link is down"});
  if (!peer->answers_traces()) return done(base::Error{"its release knows no traces"});
  const auto answer = std::make_shared<std::optional<mail::Traced>>();
  LinkQuestion::ask(shared, link, mail::encode(mail::Trace{transaction}),
                    {.take =
                         [answer](mail::Record& record) {
                           if (auto* traced = std::get_if<mail::Traced>(&record))
                             *answer = std::move(*traced);
                           return answer->has_value();
                         },
                     .done =
                         [answer, done = std::move(done)](const std::string& trouble) {
                           if (*answer) return done(**answer);
                           done(base::Error{trouble.empty() ? "no answer" : trouble});
                         }});
}

}  // namespace tsmtp::net
