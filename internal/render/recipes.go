package render

import "jwt/internal/recipe"

// Recipes returns the JSON of the list of recipes.
func Recipes(all []recipe.Recipe) Object {
	list := []Object{}
	for _, r := range all {
		inputs := []Object{}
		for _, i := range r.Inputs {
			input := Object{{"name", i.Name}, {"about", i.About}, {"required", i.Required()}}
			if i.Default != nil {
				input = append(input, Field{"default", i.Default})
			}
			inputs = append(inputs, input)
		}
		list = append(list, Object{
			{"name", r.Name},
			{"title", r.Title},
			{"page", r.Page},
			{"algs", r.Algs},
			{"shortest", r.Shortest},
			{"longest", r.Longest},
			{"header", r.Header},
			{"claims", r.Claims},
			{"inputs", inputs},
		})
	}
	return Object{{"recipes", list}}
}
