// The pages of the metrics port, made a piece a turn of the event loop: mail does not wait while the page of
// a hub with thousands of sites is made. One page at a time, and the same for all that asked for it before it
// was begun: however many ask, the work and the memory are those of one page, and their answers.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/control/metrics_page.h"
#include "relayd/daemon/later.h"
#include "relayd/net/control/request_server.h"

namespace tsmtp::daemon {

class PageAnswers {
 public:
  /// What the page shows now.
  using Show = std::function<control::PageAnswer::Text(control::WantedPage::Kind)>;

  /// `later`: the next turn of the loop.
  PageAnswers(Later later, Show show) : later_(std::move(later)), show_(std::move(show)) {}
  ~PageAnswers() { lifetime_.end(); }
  PageAnswers(const PageAnswers&) = delete;
  PageAnswers& operator=(const PageAnswers&) = delete;

  void answer(const control::PageRequest& request, net::RequestServer::Reply reply);

 private:
  struct Asked {
    bool is_head = false;
    net::RequestServer::Reply reply;
  };
  struct Work {
    control::PageAnswer page;
    std::vector<Asked> asked;
  };
  void begin();
  void go_on();

  Later later_;
  Show show_;
  std::map<control::WantedPage, std::vector<Asked>> waiting_;
  control::WantedPage last_;  // the one that was begun last: the others come first
  std::optional<Work> work_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::daemon
