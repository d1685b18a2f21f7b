#include "relayd/daemon/tracing.h"

#include <algorithm>
#include <utility>

#include "relayd/control/request.h"
#include "relayd/control/trace.h"
#include "relayd/net/trace_question.h"

namespace tsmtp::daemon {
namespace {

std::vector<mail::TracedMail> meant(const net::SharedBySites& shared,
                                    const std::vector<std::unique_ptr<net::Site>>& sites,
                                    const control::TraceRequest& request) {
  const auto is_meant = [&](const mail::Summary& mail) { return control::is_meant(request, mail); };
  std::vector<mail::TracedMail> mails = shared.recent->find(is_meant, control::kMostTraces);
  for (const auto& site : sites)
    for (mail::TracedMail& mail : site->mails_under_way())
      if (is_meant(mail.summary)) mails.push_back(std::move(mail));
  if (mails.size() > control::kMostTraces)
    mails.erase(mails.begin(), mails.end() - static_cast<std::ptrdiff_t>(control::kMostTraces));
  return mails;
}

net::SiteHub* hub_of(const std::vector<std::unique_ptr<net::Site>>& sites, const mail::Summary& mail) {
  for (const auto& site : sites) {
    if (site->name() != mail.site) continue;
    for (const auto& hub : site->hubs().all())
      if (hub->name_among_several() == mail.hub) return hub.get();
  }
  return nullptr;
}

/// The mails of one request, of which some still wait for their hub.
struct Tracing {
  std::vector<control::MailTrace> traces;
  std::size_t awaited = 0;
  net::RequestServer::Reply reply;

  void answer() const { reply(control::reply_ok(control::traces_json(traces))); }
};

}  // namespace

void trace(const net::SharedBySites& shared, const std::vector<std::unique_ptr<net::Site>>& sites,
           std::string_view argument, const net::RequestServer::Reply& reply) {
  const std::vector<mail::TracedMail> mails = meant(shared, sites, control::parse_trace(argument));
  const auto all = std::make_shared<Tracing>(
      Tracing{.traces = {}, .awaited = mails.size() + 1, .reply = reply});  // one for this function itself
  for (const mail::TracedMail& mail : mails)
    all->traces.push_back(control::trace_of(mail, shared.hub_name));
  const auto one_is_answered = [all] {
    if (--all->awaited == 0) all->answer();
  };
  for (std::size_t i = 0; i < mails.size(); ++i) {
    net::SiteHub* const hub = hub_of(sites, mails[i].summary);
    if (hub == nullptr) {
      all->traces[i].there.trouble = "there is no such site any more";
      one_is_answered();
      continue;
    }
    net::ask_trace(shared, hub->link(), mails[i].summary.transaction,
                   [all, i, one_is_answered](const base::Result<mail::Traced>& told) {
                     control::TracedSide& there = all->traces[i].there;
                     if (told)
                       there.traced = *told;
                     else
                       there.trouble = told.error().message;
                     one_is_answered();
                   });
  }
  one_is_answered();
}

}  // namespace tsmtp::daemon
