#!/bin/sh
# The models of this folder, written by the program of commit 735297c, the first that had format version 1 whole: run in an empty folder
# with that program first in PATH. They stay as they are for ever, and so do the predictions in them.
set -eu
awk 'BEGIN { print "a,b,word,y"; for (i = 0; i < 40; ++i) printf "%.3f,%d,%s,%.2f\n", sin(i), (i * 7) % 11, i % 3 == 0 ? "low" : i % 3 == 1 ? "high" : "none of both", sin(i) * 3 + i % 5 }' > rows.csv
common="--epochs 3 --threads 1 -q"
strata train rows.csv --target word --inputs a,b --hidden-layers 3 $common -o classes.strata
strata train rows.csv --target y --inputs a,b --hidden-layers 4,3 --activation tanh,gelu --scale-target standard --precision float64 $common -o regression.strata
strata train rows.csv --target y --inputs a,b --hidden-layers none --scale none --scale-target none --precision bf16 $common -o linear.strata
awk -F, 'NR == 1 || $3 != "none of both"' rows.csv > two.csv
strata train two.csv --target word --inputs b --hidden-layers 5 --scale 1/255 --recipe classic --iterations 4 --threads 1 -q -o binary.strata
for model in classes regression linear binary; do strata predict $model.strata rows.csv --threads 1 > $model.csv; done
# Of format version 5: bag.strata is classes.strata as make_several and make_bag of tests/model/support.hpp make a bag of it, saved by
# Model::save, and bag.csv what it predicts.
