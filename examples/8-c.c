/* Strata from C99: numbers and words of a program's own are a table, a network is trained on them, its file is read again,
 * and predicts into memory of the program's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "strata/strata.h"

enum { kCount = 400 };

/* Ends the program where a call failed, with what went wrong. */
static void require(strata_status status) {
  if (status == STRATA_OK) return;
  fprintf(stderr, "8-c: %s: %s\n", strata_last_error()->function, strata_last_error()->message);
  exit(1);
}

static int tell_epoch(void *context, const strata_epoch *epoch) {
  const int *every = context;
  if (epoch->epoch % *every == 0)
    printf("epoch %d: the mean cost is %s\n", (int)epoch->epoch, epoch->mean_cost < 0.2 ? "below 0.2" : "still high");
  return 0; /* go on */
}

int main(void) {
  static double position[kCount][2];
  static const char *place[kCount];
  for (int i = 0; i < kCount; ++i) {
    const double angle = 2.4 * i, radius = (i % 20) / 10.0;
    position[i][0] = radius * cos(angle);
    position[i][1] = radius * sin(angle);
    place[i] = radius < 1 ? "inside" : "outside";
  }

  strata_table *table = NULL;
  const char *const columns[] = {"x", "y"};
  const strata_numbers numbers = {.data = position, .type = STRATA_F64, .rows = kCount, .stride = sizeof position[0]};
  require(strata_table_new("points", &table));
  require(strata_table_add_columns(table, columns, 2, &numbers, sizeof(double)));
  require(strata_table_add_texts(table, "place", place, kCount));

  strata_options *options = NULL;
  require(strata_options_new(&options));
  require(strata_options_set_recipe(options, "plain"));
  require(strata_options_set(options, "target", "place"));
  require(strata_options_set(options, "hidden_layers", "16,16"));
  require(strata_options_set(options, "epochs", "100"));

  int every = 50;
  const strata_callbacks callbacks = {.size = sizeof callbacks, .context = &every, .epoch = tell_epoch};
  strata_fit *fit = NULL;
  strata_model *trained = NULL, *model = NULL;
  require(strata_train(table, options, &callbacks, &fit));
  require(strata_fit_model(fit, &trained));
  require(strata_model_save(trained, "points.strata"));

  double probabilities[kCount][2];
  int64_t labels[kCount];
  int right = 0;
  require(strata_model_load("points.strata", &model));
  require(strata_model_predict(model, table, 0, &probabilities[0][0], (size_t)kCount * 2, labels, NULL));
  /* Label 0 is the first of the "classes" that strata_model_describe lists, which are in order: inside, outside. */
  for (int i = 0; i < kCount; ++i) right += (labels[i] == 1) == (place[i][0] == 'o');
  printf("%s of the points are in their place\n", right >= 0.95 * kCount ? "at least 95 %" : "too few");

  strata_model_free(model);
  strata_model_free(trained);
  strata_fit_free(fit);
  strata_options_free(options);
  strata_table_free(table);
  return 0;
}
