#include "relayd/forward/approvals.h"

#include <algorithm>

namespace tsmtp::forward {
namespace {

std::string seconds_text(base::Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count()) + " s";
}

base::Error unknown(Approvals::Id id) {
  return base::Error{"nothing waits under " + std::to_string(id) +
                     " (any more); relayctl approvals lists what does"};
}

}  // namespace

base::Result<Approvals::Id> Approvals::ask(Question question, base::Duration patience, base::TimePoint now) {
  tick(now);
  const auto standing = standing_.find({question.site, question.service});
  if (standing == standing_.end())
    if (const auto ok = admit(question.site, now); !ok) return ok.error();
  const Id id = ++last_;
  if (standing != standing_.end())
    verdicts_.push_back({.id = id,
                         .outcome = Outcome::kGranted,
                         .by = standing->second.by,
                         .cause = {},
                         .until = standing->second.until});
  else
    waiting_[id] = {.id = id, .question = std::move(question), .asked = now, .until = now + patience};
  return id;
}

base::Result<void> Approvals::admit(const std::string& site, base::TimePoint now) {
  if (waiting_of(site) >= limits_.of_a_site)
    return base::Error{"too many connections of site " + site + " wait for approval (" +
                       std::to_string(limits_.of_a_site) + ")"};
  if (waiting_.size() >= limits_.in_all)
    return base::Error{"too many connections wait for approval (" + std::to_string(limits_.in_all) + ")"};
  const auto rate = rates_.try_emplace(site, limits_.questions_per_second, limits_.questions_at_once).first;
  if (!rate->second.try_take(now)) return base::Error{"site " + site + " asks for approval too often"};
  return {};
}

base::Result<Approvals::Question> Approvals::approve(Id id, std::string_view by, base::TimePoint now,
                                                     std::optional<base::Duration> lasting) {
  tick(now);
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return unknown(id);
  Question question = std::move(found->second.question);
  waiting_.erase(found);
  verdicts_.push_back(
      {.id = id, .outcome = Outcome::kGranted, .by = std::string(by), .cause = {}, .until = {}});
  if (!lasting || *lasting <= base::Duration::zero()) return question;
  const Standing yes{.id = ++last_,
                     .site = question.site,
                     .service = question.service,
                     .by = std::string(by),
                     .until = now + *lasting};
  standing_[{yes.site, yes.service}] = yes;
  std::erase_if(waiting_, [&](const auto& entry) {
    const Question& other = entry.second.question;
    if (other.site != yes.site || other.service != yes.service) return false;
    verdicts_.push_back(
        {.id = entry.first, .outcome = Outcome::kGranted, .by = yes.by, .cause = {}, .until = yes.until});
    return true;
  });
  return question;
}

base::Result<bool> Approvals::deny(Id id, std::string_view cause, base::TimePoint now) {
  tick(now);
  if (waiting_.erase(id) > 0) {
    verdicts_.push_back(
        {.id = id, .outcome = Outcome::kDenied, .by = {}, .cause = std::string(cause), .until = {}});
    return false;
  }
  const auto taken_back = std::erase_if(standing_, [id](const auto& entry) { return entry.second.id == id; });
  if (taken_back > 0) return true;
  return unknown(id);
}

void Approvals::withdraw(Id id) {
  waiting_.erase(id);
  std::erase_if(verdicts_, [id](const Verdict& verdict) { return verdict.id == id; });
}

void Approvals::take_back(std::string_view site, std::string_view service) {
  standing_.erase({std::string(site), std::string(service)});
}

void Approvals::tick(base::TimePoint now) {
  std::erase_if(standing_, [now](const auto& entry) { return entry.second.until <= now; });
  std::erase_if(waiting_, [&](const auto& entry) {
    const Waiting& one = entry.second;
    if (one.until > now) return false;
    verdicts_.push_back({.id = one.id,
                         .outcome = Outcome::kExpired,
                         .by = {},
                         .cause = "nobody approved it within " + seconds_text(one.until - one.asked),
                         .until = {}});
    return true;
  });
}

std::optional<base::TimePoint> Approvals::deadline() const {
  std::optional<base::TimePoint> first;
  const auto consider = [&first](base::TimePoint time) {
    if (!first || time < *first) first = time;
  };
  for (const auto& [id, one] : waiting_)
    consider(one.until);
  for (const auto& [service, yes] : standing_)
    consider(yes.until);
  return first;
}

std::optional<Approvals::Verdict> Approvals::next() {
  if (verdicts_.empty()) return std::nullopt;
  Verdict verdict = std::move(verdicts_.front());
  verdicts_.pop_front();
  return verdict;
}

std::vector<Approvals::Waiting> Approvals::waiting() const {
  std::vector<Waiting> out;
  for (const auto& [id, one] : waiting_)
    out.push_back(one);
  return out;
}

std::vector<Approvals::Standing> Approvals::standing() const {
  std::vector<Standing> out;
  for (const auto& [service, yes] : standing_)
    out.push_back(yes);
  return out;
}

std::size_t Approvals::waiting_for(std::string_view site, std::string_view service) const {
  return static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
    return entry.second.question.site == site && entry.second.question.service == service;
  }));
}

std::size_t Approvals::waiting_of(const std::string& site) const {
  return static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
    return entry.second.question.site == site;
  }));
}

}  // namespace tsmtp::forward
