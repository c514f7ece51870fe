#include "checks/theme/codes.h"

namespace rollcall::checks::theme {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC541", Severity::kCritical, "the active theme is not in the content folder",
       "An empty volume hides the themes that come with the image, or the theme's folder was "
       "removed or is a link to nowhere. Pods that run go on with what they have compiled, without "
       "its styles; every pod that starts answers 500 for all pages.",
       "copy the themes of the image into the volume (README of the check theme: init container)"},
      {"RC542", Severity::kCritical, "the active theme lacks files that Ghost needs",
       "package.json, index.hbs or post.hbs is not in the theme's folder: half an upload, or a "
       "copy that was interrupted. A pod that starts cannot render with it.",
       "upload the theme again, then restart the pods one after the other"},
      {"RC543", Severity::kWarning, "a pod serves another theme than the database says",
       "A theme was activated through another pod. Each pod keeps the active theme in memory "
       "since it started.",
       "kubectl delete pod NAME"},
      {"RC544", Severity::kWarning, "pods serve different themes",
       "The same file of the theme differs between pods. Without the content folder there is no "
       "telling which of them are right.",
       "restart the pods one after the other (kubectl rollout restart); give Rollcall --content to "
       "learn which are wrong"},
      {"RC545", Severity::kWarning, "a pod renders with old templates of the active theme",
       "The theme was replaced under the same name through another pod. Each pod keeps compiled "
       "templates in memory since it started; assets come fresh from the volume, so that new "
       "styles meet old markup.",
       "kubectl delete pod NAME"},
      {"RC546", Severity::kWarning, "pods render the same page differently",
       "Theme, settings and content are the same: some pods have old templates or other custom "
       "theme settings in memory, and nothing proves which.",
       "restart the pods one after the other (kubectl rollout restart)"},
      {"RC547", Severity::kWarning, "a pod has other custom theme settings than the database",
       "They were changed through another pod. Each pod keeps them in memory since it started.",
       "kubectl delete pod NAME"},
  };
  return table;
}

}  // namespace rollcall::checks::theme
