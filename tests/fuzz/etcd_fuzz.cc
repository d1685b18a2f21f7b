// A server that answers anything for etcd. Steps:
//   1 bytes        it answers one transaction with that
//   2 bytes        it answers three in one request with that
//   l, k, t bytes  it answers a grant, a keep-alive, a login
//   r bytes        it refuses with that; the first byte chooses the HTTP status
//   w bytes        it says that in the stream of two watches, cut anywhere: the same becomes of it
#include <algorithm>
#include <string>

#include "relayd/etcd/gateway.h"
#include "relayd/etcd/refusal.h"
#include "relayd/etcd/watch_lines.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

using namespace etcd;

bool can_be_shown(const std::string& text) {
  return !text.empty() && text.size() < 600 &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

bool is_in(const Range& range, const std::string& key) {
  return range.end.empty() ? key == range.key : key >= range.key && key < range.end;
}

void check(const Transaction& asked, const Answer& answer) {
  const auto& done = answer.held ? asked.then : asked.otherwise;
  must(answer.revision > 0, "every answer has a revision");
  std::size_t gets = 0;
  for (const Operation& operation : done) {
    const auto* get = std::get_if<Get>(&operation);
    if (get == nullptr) continue;
    must(gets < answer.got.size(), "every read is answered");
    const auto& rows = answer.got[gets++];
    must(get->limit == 0 || std::ssize(rows) <= get->limit, "no more than was asked for");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      must(is_in(get->range, rows[i].key), "nothing else than was asked for");
      must(i == 0 || rows[i - 1].key < rows[i].key, "in order");
      must(rows[i].created > 0 && rows[i].created <= rows[i].modified, "made, then changed");
    }
  }
  must(gets == answer.got.size(), "no more reads than were asked for");
}

void answer_transactions(bool is_one, std::string_view body) {
  const Transaction claim{.when = {Compare{.range = {.key = "/t/a"}}},
                          .then = {Put{.key = "/t/a", .value = "v1"}},
                          .otherwise = {Get{.range = {.key = "/t/a"}}}};
  const Transaction mixed{.then = {Get{.range = all_below("/t/"), .limit = 2},
                                   Delete{.range = all_below("/t/")}, Get{.range = {.key = "/u"}}}};
  const Batch batch = is_one ? Batch{&claim} : Batch{&claim, &mixed, &claim};
  const auto answers = answers_to(batch, body);
  if (!answers) return must(can_be_shown(answers.error().message), "an error can be shown");
  must(answers->size() == batch.size(), "one answer for each");
  for (std::size_t i = 0; i < batch.size(); ++i)
    check(*batch[i], (*answers)[i]);
}

std::string watched(std::string_view said, std::size_t piece) {
  WatchLines lines;
  lines.add(5, all_below("/t/"));
  lines.add(6, {.key = "/u"});
  (void)lines.begin();
  std::string out;
  const auto drain = [&] {
    while (const auto event = lines.next()) {
      if (const auto* anew = std::get_if<WatchLines::BeginAnew>(&*event)) {
        out += "anew " + std::to_string(anew->watch) + '\n';
        continue;
      }
      const auto& changed = std::get<WatchLines::Changed>(*event);
      must(!changed.changes.empty(), "no empty news");
      for (const Change& change : changed.changes) {
        must(changed.watch == 5 ? is_in(all_below("/t/"), change.key) : change.key == "/u",
             "only what is watched");
        out += change.key + change.value.value_or("-") + std::to_string(change.revision) + '\n';
      }
    }
  };
  while (!said.empty()) {
    const auto taken = lines.receive(said.substr(0, piece));
    drain();
    if (!taken) {
      must(can_be_shown(taken.error().message), "an error can be shown");
      return out + taken.error().message;
    }
    said.remove_prefix(std::min(piece, said.size()));
  }
  return out + lines.begin().body;
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  using namespace tsmtp::fuzz;
  for (Step step : steps_of({reinterpret_cast<const char*>(data), size})) {
    if (step.kind == '1' || step.kind == '2') answer_transactions(step.kind == '1', step.payload);
    if (step.kind == 'l')
      if (const auto lease = etcd::granted(step.payload)) must(*lease != 0, "a lease has a number");
    if (step.kind == 'k')
      if (const auto lease = etcd::kept(77, step.payload))
        must(*lease == 0 || *lease == 77, "that lease, or none");
    if (step.kind == 't')
      if (const auto token = etcd::token(step.payload))
        must(!token->empty() && token->find_first_of("\r\n ") == std::string::npos,
             "a token fits into a header");
    if (step.kind == 'r') {
      const unsigned status = 400U + take_byte(step.payload);
      must(can_be_shown(etcd::refusal_of(status, step.payload).text), "a refusal can be shown");
    }
    if (step.kind == 'w')
      must(watched(step.payload, 7) == watched(step.payload, size + 1), "however it is cut");
  }
  return 0;
}
